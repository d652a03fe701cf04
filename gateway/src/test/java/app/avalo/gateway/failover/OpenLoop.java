package app.avalo.gateway.failover;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A load that does not slow down when the gateway does: requests start on a schedule, whatever
 * became of those before, so a stall shows as waiting users instead of a lower rate.
 */
final class OpenLoop {
  private static final String[] PLACES = {"192.0.2.7", "198.51.100.7", "203.0.113.7"};

  private final Vertx vertx = Vertx.vertx();
  private final HttpClientAgent client =
      vertx
          .httpClientBuilder()
          .with(new HttpClientOptions().setConnectTimeout(5000))
          .with(new PoolOptions().setHttp1MaxSize(2000))
          .build();
  private final int port;
  private final List<Sample> samples = new ArrayList<>(); // the client's loop
  private final CountDownLatch outstanding;

  /**
   * One request.
   *
   * @param startNanos since the load began
   * @param tookNanos to the end of its body
   * @param region that served it, empty when it failed
   * @param status 0 when there was no answer
   * @param failure what the client saw instead of an answer, or null
   */
  private record Sample(
      long startNanos, long tookNanos, String region, int status, @Nullable Throwable failure) {}

  /**
   * What the clients saw.
   *
   * @param faultNanos when the fault was caused, since the load began
   */
  record Report(List<Sample> samples, long faultNanos) {
    long failed() {
      return samples.stream().filter(s -> s.status() != 200).count();
    }

    Duration slowest() {
      return Duration.ofNanos(samples.stream().mapToLong(Sample::tookNanos).max().orElse(0));
    }

    long servedBy(String region) {
      return samples.stream().filter(s -> s.region().equals(region)).count();
    }

    /** How long after the fault the last request began that the region served. */
    Duration lastServedBy(String region) {
      long last =
          samples.stream()
              .filter(s -> s.region().equals(region))
              .mapToLong(Sample::startNanos)
              .max()
              .orElse(0);
      return Duration.ofNanos(Math.max(0, last - faultNanos));
    }

    @Override
    public String toString() {
      return samples.size()
          + " requests, failed "
          + failed()
          + ", slowest "
          + slowest().toMillis()
          + " ms, last by eu "
          + lastServedBy("eu").toMillis()
          + " ms after the fault, failures "
          + samples.stream().filter(s -> s.status() != 200).limit(5).toList();
    }
  }

  private OpenLoop(int port, int requests) {
    this.port = port;
    this.outstanding = new CountDownLatch(requests);
  }

  /** Runs the load for a time, causes the fault in the middle of it, and waits for every answer. */
  static Report run(int port, int perSecond, Duration length, Duration faultAfter, Runnable fault) {
    int requests = (int) (perSecond * length.toSeconds());
    OpenLoop loop = new OpenLoop(port, requests);
    try {
      return loop.drive(perSecond, requests, faultAfter, fault);
    } finally {
      loop.vertx.close();
    }
  }

  private Report drive(int perSecond, int requests, Duration faultAfter, Runnable fault) {
    long start = System.nanoTime();
    int[] sent = {0};
    vertx.setPeriodic(
        1,
        id -> {
          long due = (System.nanoTime() - start) * perSecond / 1_000_000_000L;
          while (sent[0] < due && sent[0] < requests) {
            send(start, sent[0]++);
          }
          if (sent[0] == requests) {
            vertx.cancelTimer(id);
          }
        });
    long[] faultNanos = {0};
    vertx.setTimer(
        faultAfter.toMillis(),
        id ->
            vertx.executeBlocking(
                () -> {
                  faultNanos[0] = System.nanoTime() - start;
                  fault.run();
                  return null;
                }));
    try {
      if (!outstanding.await(requests / perSecond + 40L, TimeUnit.SECONDS)) {
        throw new AssertionError(outstanding.getCount() + " requests never ended");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError(interrupted);
    }
    synchronized (samples) {
      return new Report(List.copyOf(samples), faultNanos[0]);
    }
  }

  private void send(long start, int number) {
    long began = System.nanoTime();
    client
        .request(
            new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setHost("127.0.0.1")
                .setPort(port)
                .setURI("/feed?n=" + number)
                .putHeader("X-Forwarded-For", PLACES[number % PLACES.length]))
        .compose(request -> request.send())
        .compose(
            answer ->
                answer
                    .body()
                    .map(
                        body ->
                            new Sample(
                                began - start,
                                System.nanoTime() - began,
                                String.valueOf(answer.getHeader("X-Region")),
                                answer.statusCode(),
                                null)))
        .otherwise(failure -> new Sample(began - start, System.nanoTime() - began, "", 0, failure))
        .onSuccess(
            sample -> {
              synchronized (samples) {
                samples.add(sample);
              }
              outstanding.countDown();
            });
  }
}
