package app.avalo.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.redis.RedisLink;
import app.avalo.gateway.filter.redis.RedisServer;
import app.avalo.gateway.filter.time.Ticker;
import app.avalo.gateway.testing.Awaiting;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class MetricsPageIT {
  @Test
  void connectionsToRedisThatComeAndGoLeaveNothingOnThePage() throws Exception {
    try (RedisServer server = RedisServer.start();
        MetricsPage page = new MetricsPage(new RequestMetrics(), new MetricSources())) {
      Vertx vertx = page.measure(Vertx.builder(), new VertxOptions()).build();
      CompletableFuture<RedisLink> made = new CompletableFuture<>();
      vertx.runOnContext(
          go ->
              made.complete(
                  RedisLink.connect(
                      vertx, server.config(Duration.ofSeconds(1), "t"), Ticker.SYSTEM)));
      RedisLink link = made.join();
      Awaiting.until(() -> link.stats().up());
      server.kill();
      Awaiting.until(() -> !link.stats().up());
      server.restart();
      Awaiting.until(() -> link.stats().reconnects() > 0);

      String text = page.render(null).body().toString();
      vertx.close().toCompletionStage().toCompletableFuture().join();

      assertThat(text).contains("pool_type=\"worker\"").doesNotContain("pool_type=\"redis\"");
    }
  }
}
