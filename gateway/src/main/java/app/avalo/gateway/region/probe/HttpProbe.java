package app.avalo.gateway.region.probe;

import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.filter.time.Timers;
import app.avalo.gateway.region.probe.Prober.Outcome;
import app.avalo.gateway.region.probe.Prober.Result;
import io.netty.channel.ConnectTimeoutException;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpClosedException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.StreamResetException;
import io.vertx.core.net.HostAndPort;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One check over HTTP, from connecting to its one result. */
final class HttpProbe {
  /** A body up to this long must arrive whole; a longer one is not read on. */
  static final long BODY_BYTES = 65_536;

  private final Prober.Target target;
  private final Consumer<Result> done;
  private Timers.@Nullable Timer deadline;
  private @Nullable HttpClientConnection connection;
  private boolean over;
  private long received;

  HttpProbe(Prober.Target target, Consumer<Result> done) {
    this.target = target;
    this.done = done;
  }

  void begin(Timers.Timer deadline) {
    this.deadline = deadline;
  }

  void late() {
    String stage = connection == null ? "not connected" : "no answer";
    end(Outcome.MISSED, stage + " in " + target.check().timeout().toMillis() + " ms");
  }

  void connected(HttpClientConnection opened) {
    connection = opened;
    // Without a handler each lost connection is logged as an error.
    opened.exceptionHandler(this::failed);
    if (over) {
      opened.close();
      return;
    }
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.GET)
            .setURI(target.check().path())
            .putHeader(HttpHeaders.USER_AGENT, "avalo-gateway-check");
    String host = target.check().host();
    boolean shared = target.protocol() == Protocol.HTTP2;
    if (host != null && !shared) {
      options.putHeader(HttpHeaders.HOST, host);
    }
    opened
        .request(options)
        .compose(
            request ->
                host == null || !shared
                    ? request.send()
                    : request.authority(HostAndPort.parseAuthority(host, -1)).send())
        .onComplete(this::answered, this::failed);
  }

  private void answered(HttpClientResponse response) {
    // Before anything closes the connection: without a handler Vert.x logs it with a stack trace.
    response.exceptionHandler(this::failed);
    String status = Integer.toString(response.statusCode());
    if (!target.check().statuses().contains(response.statusCode())) {
      end(Outcome.MISSED, status);
      return;
    }
    response.handler(
        bytes -> {
          received += bytes.length();
          if (received > BODY_BYTES) {
            end(Outcome.OK, status);
          }
        });
    response.endHandler(whole -> end(Outcome.OK, status));
  }

  void failed(Throwable cause) {
    end(refused(cause) ? Outcome.REFUSED : Outcome.MISSED, describe(cause));
  }

  private static boolean refused(Throwable cause) {
    return cause instanceof HttpClosedException
        || cause instanceof StreamResetException
        || cause instanceof ConnectException && !(cause instanceof ConnectTimeoutException)
        || cause instanceof SocketException
        // Netty's native transports report ECONNRESET as a plain IOException of their own.
        || cause instanceof IOException && describe(cause).contains("reset by peer");
  }

  private static String describe(Throwable cause) {
    if (cause instanceof UnknownHostException) {
      return "unknown host";
    }
    String message = cause.getMessage();
    String text = message == null ? cause.getClass().getSimpleName() : message;
    return text.length() > 200 ? text.substring(0, 200) : text;
  }

  private void end(Outcome outcome, String detail) {
    if (over) {
      return;
    }
    over = true;
    if (deadline != null) {
      deadline.cancel();
    }
    if (connection != null) {
      connection.close();
    }
    done.accept(new Result(outcome, detail));
  }
}
