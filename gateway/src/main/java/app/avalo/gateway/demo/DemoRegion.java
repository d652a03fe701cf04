package app.avalo.gateway.demo;

import app.avalo.gateway.filter.time.Ticker;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A region: every service of the demo behind one port, as far from the caller as it would be.
 * Confined to the event loop that made it.
 */
final class DemoRegion {
  private static final String HOST = "127.0.0.1";

  private final Vertx vertx;
  private final String name;
  private final Wallets wallets;
  private int port;
  private @Nullable HttpServer server;
  private long answersLeft = Long.MAX_VALUE;

  /**
   * A region that does not listen yet.
   *
   * @param port 0 for any, which it then keeps
   */
  DemoRegion(Vertx vertx, String name, int port, Wallets wallets) {
    this.vertx = vertx;
    this.name = name;
    this.port = port;
    this.wallets = wallets;
  }

  String name() {
    return name;
  }

  int port() {
    return port;
  }

  boolean alive() {
    return server != null;
  }

  /** Listens; nothing happens if it does already. */
  Future<Void> start() {
    if (server != null) {
      return Future.succeededFuture();
    }
    HttpServer made =
        vertx
            .createHttpServer(new HttpServerOptions().setHost(HOST).setPort(port))
            .requestHandler(this::answer)
            .webSocketHandler(this::echo);
    server = made;
    return made.listen()
        .onSuccess(listening -> port = listening.actualPort())
        .recover(
            failure -> {
              server = null;
              return Future.failedFuture(Demo.taken("region " + name, port, failure));
            })
        .mapEmpty();
  }

  /** It answers so many requests yet, and dies under the next. */
  void killAfter(long answers) {
    answersLeft = answers;
  }

  /** As if the machine had lost power: the port and all connections are gone at once. */
  Future<Void> kill() {
    HttpServer running = server;
    server = null;
    answersLeft = Long.MAX_VALUE;
    return running == null ? Future.succeededFuture() : running.close();
  }

  private void answer(HttpServerRequest request) {
    if (request.path().equals("/health")) {
      request.response().end("ok\n");
      return;
    }
    Distance distance = Distance.of(name, header(request, "x-forwarded-for"));
    request.body();
    vertx.setTimer(distance.time().toMillis(), due -> reply(request, distance));
  }

  private void reply(HttpServerRequest request, Distance distance) {
    if (request.response().closed()) {
      return;
    }
    if (answersLeft-- == 0) {
      kill();
      return;
    }
    String path = request.path();
    String service = path.substring(1, Math.max(path.indexOf('/', 1), path.length()));
    int slash = service.indexOf('/');
    service = slash < 0 ? service : service.substring(0, slash);
    request.response().putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
    if (service.equals("wallet")) {
      wallet(request);
      return;
    }
    String text =
        "{\"service\":\"%s\",\"region\":\"%s\",\"away\":\"%d ms\"}\n"
            .formatted(clean(service), name, distance.time().toMillis());
    request.response().end(text);
  }

  /**
   * {@code POST /wallet?amount=500&key=7} books grosze, once for each key, if the fence lets it;
   * {@code GET /wallet} reads.
   */
  private void wallet(HttpServerRequest request) {
    String user = header(request, "x-avalo-user");
    if (request.method().name().equals("GET")) {
      request.response().end(wallet(user, wallets.balance(user), ""));
      return;
    }
    long epoch = number(header(request, "x-pin-epoch"));
    long amount = number(String.valueOf(request.getParam("amount")));
    if (user.isEmpty() || epoch < 0 || amount < 0 || amount > 1_000_000) {
      request.response().setStatusCode(400).end("{\"error\":\"no user, epoch or amount\"}\n");
      return;
    }
    long untilMillis = number(header(request, "x-pin-until"));
    BooleanSupplier late = () -> untilMillis >= 0 && Ticker.SYSTEM.epochMillis() > untilMillis;
    String key = clean(request.getParam("key", ""));
    Wallets.Answer answer = wallets.write(user, new Wallets.Write(epoch, name, amount, key, late));
    if (!answer.accepted()) {
      request
          .response()
          .setStatusCode(409)
          .putHeader("x-pin-current", Long.toString(answer.epoch()));
    }
    String verdict = answer.verdict().name().toLowerCase(Locale.ROOT);
    request.response().end(wallet(user, answer.balance(), ",\"write\":\"" + verdict + "\""));
  }

  private String wallet(String user, long balance, String more) {
    return "{\"service\":\"wallet\",\"region\":\"%s\",\"user\":\"%s\",\"balance\":\"%d.%02d PLN\"%s}\n"
        .formatted(name, clean(user), balance / 100, balance % 100, more);
  }

  private void echo(ServerWebSocket socket) {
    socket.textMessageHandler(text -> socket.writeTextMessage(name + ": " + text));
  }

  private static String header(HttpServerRequest request, String name) {
    String value = request.getHeader(name);
    return value == null ? "" : value;
  }

  /** A whole number, or -1. */
  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException none) {
      return -1;
    }
  }

  /** Only what needs no escape in JSON. */
  private static String clean(String text) {
    StringBuilder kept = new StringBuilder();
    for (int i = 0; i < Math.min(text.length(), 64); i++) {
      char c = text.charAt(i);
      if (c > ' ' && c < 0x7f && c != '"' && c != '\\') {
        kept.append(c);
      }
    }
    return kept.toString();
  }
}
