package app.avalo.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import app.avalo.gateway.config.GatewayConfig;
import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.filter.Exchange;
import app.avalo.gateway.filter.Exchanges;
import app.avalo.gateway.filter.GatewayError;
import app.avalo.gateway.filter.Plans;
import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessLogTest {
  @TempDir Path directory;

  private static Plan plan(double sample) {
    GatewayConfig plain = Plans.minimal().config();
    return Plan.compile(
        new GatewayConfig(
            plain.name(),
            plain.listeners(),
            plain.trustedHops(),
            plain.admin(),
            plain.regions(),
            plain.services(),
            plain.routes(),
            plain.limits(),
            plain.budgets(),
            plain.units(),
            plain.identity(),
            plain.placing(),
            plain.pins(),
            plain.state(),
            plain.alerts(),
            new GatewayConfig.AccessLog("file", sample),
            plain.shutdownGrace()));
  }

  private static void end(AccessLogFilter filter, Exchange exchange, int status) {
    exchange.status(status);
    exchange.ended(exchange.startNanos() + 12_345_678);
    filter.end(exchange);
  }

  @Test
  void aLineSaysWhatHappened() throws IOException {
    Path file = directory.resolve("access.log");
    Plan plan = plan(1);
    try (AccessLog log = new AccessLog(file.toString())) {
      AccessLogFilter filter = new AccessLogFilter(log, new VirtualTime());
      Exchange exchange =
          Exchanges.on(plan).path("/a\"b\\\n\u001b[31m").user("ann").client("2001:db8::1").live();
      exchange.attempt(plan.regions().get(1));
      exchange.failed(new GatewayError(GatewayError.Kind.UPSTREAM_TIMEOUT, "rule-1", "slow", -1));
      end(filter, exchange, 504);
    }
    JsonObject line = new JsonObject(Files.readString(file));
    assertThat(line)
        .isEqualTo(
            new JsonObject()
                .put("time", "2026-11-21T00:00:00.000Z")
                .put("id", "req-1")
                .put("method", "GET")
                .put("host", "api.avalo.app")
                .put("path", "/a\"b\\\n\u001b[31m")
                .put("route", "all")
                .put("service", "feed")
                .put("region", "us")
                .put("status", 504)
                .put("duration_ms", 12.345)
                .put("attempts", 1)
                .put("bytes_in", 0)
                .put("bytes_out", 0)
                .put("client", "2001:db8:0:0:0:0:0:1")
                .put("user", "ann")
                .put("tier", "authenticated")
                .put("error", "upstream-timeout")
                .put("rule", "rule-1"));
  }

  @Test
  void successesAreSampledFailuresNever() throws IOException {
    Path file = directory.resolve("access.log");
    Plan plan = plan(0.25);
    try (AccessLog log = new AccessLog(file.toString())) {
      AccessLogFilter filter = new AccessLogFilter(log, new VirtualTime());
      for (int i = 0; i < 100; i++) {
        end(filter, Exchanges.on(plan).live(), 200);
        end(filter, Exchanges.on(plan).live(), 503);
      }
    }
    List<String> lines = Files.readAllLines(file);
    assertThat(lines.stream().filter(line -> line.contains("\"status\":200"))).hasSize(25);
    assertThat(lines.stream().filter(line -> line.contains("\"status\":503"))).hasSize(100);
  }

  @Test
  void aWorstCaseLineFitsItsBuffer() throws IOException {
    Path file = directory.resolve("access.log");
    String worst = "\u0001".repeat(5000);
    try (AccessLog log = new AccessLog(file.toString())) {
      AccessLogFilter filter = new AccessLogFilter(log, new VirtualTime());
      Exchange exchange =
          Exchanges.on(plan(1)).path(worst).host(worst).method(worst).id(worst).user(worst).live();
      exchange.failed(new GatewayError(GatewayError.Kind.INTERNAL, worst, worst, -1));
      end(filter, exchange, 500);
    }
    assertThat(new JsonObject(Files.readString(file)).getString("path")).hasSize(515);
  }

  @Test
  void afterRotationLinesGoToTheNewFileAndNoneIsLost() throws IOException {
    Path file = directory.resolve("access.log");
    Path rotated = directory.resolve("access.log.1");
    Plan plan = plan(1);
    try (AccessLog log = new AccessLog(file.toString())) {
      AccessLogFilter filter = new AccessLogFilter(log, new VirtualTime());
      end(filter, Exchanges.on(plan).id("before").live(), 200);
      waitFor(() -> log.written() == 1);
      Files.move(file, rotated);
      log.reopen();
      waitFor(() -> Files.exists(file));
      end(filter, Exchanges.on(plan).id("after").live(), 200);
    }
    assertThat(Files.readString(rotated)).contains("before").doesNotContain("after");
    assertThat(Files.readString(file)).contains("after");
  }

  private static void waitFor(java.util.function.BooleanSupplier condition) {
    for (int i = 0; i < 1_000_000 && !condition.getAsBoolean(); i++) {
      Thread.onSpinWait();
      Thread.yield();
    }
    assertThat(condition.getAsBoolean()).isTrue();
  }

  @Test
  void aFileThatCannotBeOpenedLosesLinesButNothingElse() {
    AccessLog log = new AccessLog(directory.resolve("missing/access.log").toString());
    AccessLogFilter filter = new AccessLogFilter(log, new VirtualTime());
    end(filter, Exchanges.on(plan(1)).live(), 200);
    log.close();
    assertThat(log.lost()).isEqualTo(1);
    assertThat(log.written()).isZero();
  }

  @Test
  void aFullRingDropsWholeLinesAndCountsThem() throws IOException {
    LineRing ring = new LineRing(64);
    byte[] line = "0123456789abcdefghi\n".getBytes(StandardCharsets.US_ASCII);
    assertThat(ring.offer(line, 20) && ring.offer(line, 20) && ring.offer(line, 20)).isTrue();
    assertThat(ring.offer(line, 20)).isFalse();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ring.drainTo(out);
    assertThat(ring.taken()).isEqualTo(3);
    assertThat(ring.offer(line, 20)).isTrue();
    assertThat(ring.dropped()).isEqualTo(1);
    ring.drainTo(out);
    assertThat(out.toByteArray()).hasSize(80);
  }

  @Test
  void whatGoesThroughARingComesOutInOrderAroundEveryEdge() throws IOException {
    LineRing ring = new LineRing(128);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    List<String> sent = new ArrayList<>();
    Random random = new Random(7);
    for (int i = 0; i < 5_000; i++) {
      byte[] line = new byte[1 + random.nextInt(50)];
      Arrays.fill(line, (byte) ('a' + i % 26));
      line[line.length - 1] = '\n';
      if (ring.offer(line, line.length)) {
        sent.add(new String(line, StandardCharsets.US_ASCII));
      }
      if (random.nextInt(3) == 0) {
        ring.drainTo(out);
      }
    }
    ring.drainTo(out);
    assertThat(out.toString(StandardCharsets.US_ASCII)).isEqualTo(String.join("", sent));
    assertThat(sent.size() + ring.dropped()).isEqualTo(5_000);
  }

  @Test
  void switchedOffItWritesNothing() {
    AccessLog log = new AccessLog("off");
    end(new AccessLogFilter(log, new VirtualTime()), Exchanges.on(plan(1)).live(), 500);
    log.close();
    assertThat(log.written() + log.lost()).isZero();
  }

  @Test
  void aSinkThatFailsLosesItsLinesAndTheRingGoesOn() {
    LineRing ring = new LineRing(64);
    byte[] line = "0123456789\n".getBytes(StandardCharsets.US_ASCII);
    java.io.OutputStream broken =
        new java.io.OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("disk full");
          }
        };
    ring.offer(line, line.length);
    assertThatThrownBy(() -> ring.drainTo(broken)).hasMessage("disk full");
    assertThat(ring.isEmpty()).isTrue();
    assertThat(ring.taken()).isEqualTo(1);
  }
}
