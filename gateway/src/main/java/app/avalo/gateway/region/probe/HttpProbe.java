package app.avalo.gateway.region.probe;

import app.avalo.gateway.config.ServiceConfig.CheckRequest;
import app.avalo.gateway.config.ServiceConfig.Protocol;
import app.avalo.gateway.region.probe.Prober.Outcome;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientConnection;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.HostAndPort;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** One GET on a connection of its own. */
final class HttpProbe {
  /** A body up to this long must arrive whole; a longer one is not read on. */
  static final int BODY_BYTES = 65_536;

  private final Prober.Target target;
  private final Verdict verdict;
  private final @Nullable Buffer body; // what is searched for the expected text
  private long received;

  HttpProbe(Prober.Target target, Verdict verdict) {
    this.target = target;
    this.verdict = verdict;
    this.body = target.check().expect().body() == null ? null : Buffer.buffer();
  }

  void connected(HttpClientConnection opened) {
    // Without a handler each lost connection is logged as an error.
    opened.exceptionHandler(verdict::failed);
    if (verdict.isOver()) {
      opened.close();
      return;
    }
    verdict.connected(opened::close);
    CheckRequest ask = target.check().ask();
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.GET)
            .setURI(ask.path())
            .putHeader(HttpHeaders.USER_AGENT, "avalo-gateway-check");
    ask.headers().forEach(options::putHeader);
    String host = ask.host();
    boolean shared = target.protocol() == Protocol.HTTP2;
    if (host != null && !shared) {
      options.putHeader(HttpHeaders.HOST, host);
    }
    verdict.asked();
    opened
        .request(options)
        .compose(
            request ->
                host == null || !shared
                    ? request.send()
                    : request.authority(HostAndPort.parseAuthority(host, -1)).send())
        .onComplete(this::answered, verdict::failed);
  }

  private void answered(HttpClientResponse response) {
    verdict.heard();
    // Before anything closes the connection: without a handler Vert.x logs it with a stack trace.
    response.exceptionHandler(verdict::failed);
    String status = Integer.toString(response.statusCode());
    if (!target.check().expect().statuses().contains(response.statusCode())) {
      String again = response.getHeader(HttpHeaders.RETRY_AFTER);
      boolean leaves = response.statusCode() == 503 && again != null;
      verdict.end(
          leaves ? Outcome.DRAINING : Outcome.MISSED, leaves ? status + ", Retry-After" : status);
      return;
    }
    response.handler(
        bytes -> {
          keep(bytes);
          received += bytes.length();
          if (received > BODY_BYTES) {
            end(status);
          }
        });
    response.endHandler(whole -> end(status));
  }

  private void keep(Buffer bytes) {
    if (body != null && received < BODY_BYTES) {
      body.appendBuffer(bytes, 0, (int) Math.min(bytes.length(), BODY_BYTES - received));
    }
  }

  private void end(String status) {
    String text = target.check().expect().body();
    if (text == null || body != null && body.toString(StandardCharsets.UTF_8).contains(text)) {
      verdict.end(Outcome.OK, status);
    } else {
      verdict.end(Outcome.MISSED, status + " without the expected body");
    }
  }
}
