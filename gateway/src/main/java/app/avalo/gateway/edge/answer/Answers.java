package app.avalo.gateway.edge.answer;

import app.avalo.gateway.edge.client.ClientConnection;
import app.avalo.gateway.edge.wire.CutOff;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.forward.Responder;
import app.avalo.gateway.forward.head.Framing;
import app.avalo.gateway.pipeline.Pipeline;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Writes answers to clients: the one place that turns errors into responses. */
public final class Answers implements Responder {
  /** Readers of events take no notice of a comment (WHATWG HTML, 9.2.6). */
  private static final Buffer MOVED = Buffer.buffer(": the user has moved\n\n");

  private static final CharSequence REQUEST_ID = AsciiString.cached("x-request-id");
  private static final CharSequence NO_STORE = AsciiString.cached("no-store");

  private static final GatewayError MALFORMED_BODY =
      new GatewayError(GatewayError.Kind.BAD_REQUEST, "The request body is not well-formed HTTP.");

  private final Ticker ticker;
  private final Timers timers;
  private final BooleanSupplier draining;
  private final AtomicInteger inFlight;
  private @Nullable Pipeline pipeline;

  public Answers(Ticker ticker, Timers timers, BooleanSupplier draining, AtomicInteger inFlight) {
    this.ticker = ticker;
    this.timers = timers;
    this.draining = draining;
    this.inFlight = inFlight;
  }

  /** Closes the circle: filters see what is answered, and answer themselves. */
  public void through(Pipeline pipeline) {
    this.pipeline = pipeline;
  }

  @Override
  public void head(Exchange exchange, int status, MultiMap headers) {
    exchange.status(status);
    HttpServerRequest request = Objects.requireNonNull(exchange.request());
    ClientConnection client = ClientConnection.of(request.connection());
    // That of a WebSocket handshake is written by Vert.x as it takes the connection over.
    Reply.Lines lines = client == null || status < 200 ? null : client.lines();
    Reply reply = new Reply.Proxied(status, headers, lines);
    pipeline().response(exchange, reply);
    common(request, client, exchange, reply);
    keepClose(request);
    nothingFollows(request, client);
  }

  /** The server writes its own Connection for HTTP/1.0; the end of the body may hang on ours. */
  private static void keepClose(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    if (request.version() == HttpVersion.HTTP_1_0 && saysClose(response)) {
      response.headersEndHandler(
          written -> response.headers().set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE));
    }
  }

  /** What comes behind an answer that says close is not served, even if it is here already. */
  private static void nothingFollows(HttpServerRequest request, @Nullable ClientConnection client) {
    if (client != null && isHttp1(request) && saysClose(request.response())) {
      client.closing();
    }
  }

  private static boolean saysClose(HttpServerResponse response) {
    return response.headers().contains(HttpHeaders.CONNECTION, HttpHeaders.CLOSE, true);
  }

  private void common(
      HttpServerRequest request,
      @Nullable ClientConnection client,
      Exchange exchange,
      Reply reply) {
    reply.headers().set(REQUEST_ID, exchange.head().id());
    if (isHttp1(request)
        && (draining.getAsBoolean() || client == null || client.isLast() || asksToClose(request))
        && !reply.headers().contains(HttpHeaders.UPGRADE)) {
      reply.headers().set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
  }

  private static boolean isHttp1(HttpServerRequest request) {
    return request.version() != HttpVersion.HTTP_2;
  }

  /** Whether {@code close} stands in a list; alone it is the server's business already. */
  private static boolean asksToClose(HttpServerRequest request) {
    String connection = request.headers().get(HttpHeaders.CONNECTION);
    if (connection == null || connection.indexOf(',') < 0) {
      return false;
    }
    for (String token : connection.split(",")) {
      if (token.trim().equalsIgnoreCase("close")) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void local(Exchange exchange, Reply.Local reply) {
    HttpServerRequest request = Objects.requireNonNull(exchange.request());
    HttpServerResponse response = request.response();
    if (response.closed() || response.headWritten()) {
      done(exchange, reply.error());
      return;
    }
    GatewayError error = reply.error();
    Buffer body = reply.body();
    if (error != null) {
      error = Problem.named(exchange, error);
      exchange.failed(error);
      body = Problem.of(exchange, error);
      reply.headers().set(HttpHeaders.CONTENT_TYPE, Problem.CONTENT_TYPE);
      if (error.retryAfterSeconds() >= 0) {
        reply.headers().set(HttpHeaders.RETRY_AFTER, Long.toString(error.retryAfterSeconds()));
      }
    }
    if (reply.status() >= 400) {
      reply.headers().set(HttpHeaders.CACHE_CONTROL, NO_STORE);
    }
    exchange.status(reply.status());
    pipeline().response(exchange, reply);
    ClientConnection client = ClientConnection.of(request.connection());
    if (client != null) {
      client.dropLines();
    }
    common(request, client, exchange, reply);
    int status = reply.status();
    if (exchange.grpc() != null && status >= 400) {
      // Log and metrics keep the status that other clients would have got.
      String message = error == null ? "Answered by the gateway." : error.detail();
      GrpcStatus.write(status, message, reply.headers());
      body = Buffer.buffer();
      status = 200;
    }
    response.setStatusCode(status);
    response.headers().clear().addAll(reply.headers());
    write(exchange, request, client, error, body);
    done(exchange, error);
  }

  private void write(
      Exchange exchange,
      HttpServerRequest request,
      @Nullable ClientConnection client,
      @Nullable GatewayError error,
      Buffer body) {
    HttpServerResponse response = request.response();
    boolean malformed = error != null && error.kind() == GatewayError.Kind.BAD_REQUEST;
    if (isHttp1(request) && (malformed || Framing.expectsBody(request))) {
      // What was read in one way here may be read in another elsewhere.
      response.headers().set(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
    }
    keepClose(request);
    nothingFollows(request, client);
    if (malformed && client != null && isHttp1(request)) {
      client.lingers();
    }
    if ("HEAD".equals(exchange.method())) {
      response.headers().set(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
      response.end();
    } else if (body.length() == 0) {
      // Without the empty piece of body that HTTP/2 would send.
      response.end();
    } else {
      exchange.addBytesOut(body.length());
      response.end(body);
    }
  }

  @Override
  public void endStream(Exchange exchange, GatewayError why) {
    HttpServerResponse response = Objects.requireNonNull(exchange.request()).response();
    if (exchange.grpc() != null) {
      GrpcStatus.trail(why.kind().status(), why.detail(), response.trailers());
      response.end();
    } else {
      Buffer event = Problem.event(exchange, why);
      exchange.addBytesOut(event.length());
      response.end(event);
    }
    done(exchange, why);
  }

  @Override
  public void sendAway(Exchange exchange) {
    HttpServerResponse response = Objects.requireNonNull(exchange.request()).response();
    if (exchange.grpc() != null) {
      GrpcStatus.trail(503, "The user has moved to another region.", response.trailers());
      response.end();
    } else {
      exchange.addBytesOut(MOVED.length());
      response.end(MOVED.copy());
    }
    done(exchange, null);
  }

  @Override
  public void cutOff(Exchange exchange, GatewayError error) {
    HttpServerRequest request = Objects.requireNonNull(exchange.request());
    if (error.kind().source() == GatewayError.Source.DOWNSTREAM) {
      CutOff.provoked(request);
    } else {
      CutOff.blameless(request);
    }
    done(exchange, error);
  }

  @Override
  public void done(Exchange exchange, @Nullable GatewayError error) {
    if (exchange.endNanos() != 0) {
      // Once only, or in-flight requests would be counted down twice.
      return;
    }
    HttpServerRequest request = Objects.requireNonNull(exchange.request());
    ClientConnection client = ClientConnection.of(request.connection());
    if (error != null
        && error.kind() == GatewayError.Kind.CLIENT_GONE
        && client != null
        && client.isBroken()
        && !request.response().headWritten()) {
      local(exchange, Reply.Local.of(MALFORMED_BODY));
      return;
    }
    if (error != null && exchange.error() == null) {
      exchange.failed(error);
    }
    exchange.ended(ticker.nanos());
    pipeline().end(exchange);
    inFlight.decrementAndGet();
    if (client != null) {
      client.ended();
    }
    HttpServerResponse response = request.response();
    if (!isHttp1(request)) {
      if (response.ended() && !request.isEnded()) {
        // RFC 9113, 8.1: after a complete answer NO_ERROR tells the client to stop sending.
        leave(request, () -> response.reset(0), () -> {});
      }
    } else if (saysClose(response)) {
      close(request, client);
    }
  }

  private void close(HttpServerRequest request, @Nullable ClientConnection client) {
    boolean unreadable = client == null || client.isBroken();
    if (unreadable || request.isEnded() || request.response().closed()) {
      request.connection().close();
      return;
    }
    leave(request, request.connection()::close, request.connection()::close);
  }

  /** Reads a body that nobody wants for a while, and throws it away. */
  private void leave(HttpServerRequest request, Runnable late, Runnable ended) {
    Timers.Timer linger = timers.after(ClientConnection.LINGER, late);
    request.handler(thrownAway -> {});
    request.exceptionHandler(failure -> linger.cancel());
    request.endHandler(
        end -> {
          linger.cancel();
          ended.run();
        });
    request.resume();
  }

  private Pipeline pipeline() {
    return Objects.requireNonNull(pipeline);
  }
}
