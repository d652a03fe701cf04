package app.avalo.gateway.filter.header;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.RouteConfig;
import app.avalo.gateway.config.RouteConfig.HeaderEdits;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.Outcome;
import app.avalo.gateway.filter.Reply;
import app.avalo.gateway.filter.Routes;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderFilterTest {
  private static final HeaderEdits EDITS =
      new HeaderEdits(
          List.of("X-Debug", "X-Twice"),
          Map.of("X-Team", "feed"),
          Map.of("X-Twice", "new", "X-Team", "edge"));

  private final HeaderFilter filter = new HeaderFilter();

  @Test
  void requestHeadersAreRemovedThenSetThenAdded() {
    RouteConfig route = Routes.toFeed().requestHeaders(EDITS).build();
    Exchange exchange =
        Exchanges.on(route)
            .header("x-debug", "1")
            .header("x-twice", "old")
            .header("x-team", "forged")
            .header("x-kept", "yes")
            .live();

    Outcome outcome = Outcome.of(filter, exchange);

    MultiMap headers = exchange.head().headers();
    assertThat(outcome.proceeded()).isTrue();
    assertThat(headers.contains("x-debug")).isFalse();
    assertThat(headers.getAll("x-twice")).containsExactly("new");
    assertThat(headers.getAll("x-team")).containsExactly("feed", "edge");
    assertThat(headers.get("x-kept")).isEqualTo("yes");
  }

  @Test
  void everyAnswerIsEditedLocalOnesIncluded() {
    RouteConfig route = Routes.toFeed().responseHeaders(EDITS).build();
    Exchange exchange = Exchanges.on(route).live();
    Reply.Local local = Reply.Local.empty(204);
    Reply.Proxied proxied =
        new Reply.Proxied(200, HttpHeaders.headers().add("X-Debug", "1").add("X-Team", "a"));

    filter.response(exchange, local);
    filter.response(exchange, proxied);

    assertThat(local.headers().getAll("X-Team")).containsExactly("feed", "edge");
    assertThat(proxied.headers().getAll("X-Team")).containsExactly("feed", "edge");
    assertThat(proxied.headers().contains("X-Debug")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Cache-Control", "expires", "CDN-Cache-Control", "Surrogate-Control"})
  void whatIsSaidOfCachingIsForAnswersBelow400(String name) {
    Exchange exchange =
        Exchanges.on(
                Routes.toFeed()
                    .responseHeaders(
                        new HeaderEdits(
                            List.of(name), Map.of(name, "x", "X-Team", "feed"), Map.of(name, "y")))
                    .build())
            .live();
    Reply.Proxied good = new Reply.Proxied(304, HttpHeaders.headers().add(name, "own"));
    Reply.Proxied bad = new Reply.Proxied(400, HttpHeaders.headers().add(name, "own"));

    filter.response(exchange, good);
    filter.response(exchange, bad);

    assertThat(good.headers().getAll(name)).containsExactly("x", "y");
    assertThat(bad.headers().getAll(name)).containsExactly("own");
    assertThat(bad.headers().get("X-Team")).isEqualTo("feed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection",
        "transfer-encoding",
        "Content-Length",
        "TE",
        "Trailer",
        "Upgrade",
        "Keep-Alive",
        "Proxy-Connection",
        "HTTP2-Settings",
        "Host",
        ":path"
      })
  void noEditTouchesFramingOrConnection(String name) {
    HeaderEdits all = new HeaderEdits(List.of(name), Map.of(name, "x"), Map.of(name, "y"));
    Exchange exchange =
        Exchanges.on(Routes.toFeed().requestHeaders(all).build())
            .header(name.replace(":", ""), "sent")
            .live();

    Outcome.of(filter, exchange);

    assertThat(exchange.head().headers().entries())
        .singleElement()
        .satisfies(header -> assertThat(header.getValue()).isEqualTo("sent"));
  }
}
