import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;

/**
 * The only caller of a budget, one request after the other, each of which costs an amount of its
 * own. So when a gateway is killed at most one is under way, and what may have been charged for it
 * are three amounts: nothing, what was reserved, what it cost.
 */
final class Payer {
  private static final long PAUSE_NANOS = 10_000_000;

  /** While a gateway starts, which takes longer beside callers that are refused. */
  private static final long REFUSED_NANOS = 100_000_000;

  private final Service service;
  private final int budget;
  private final String knownBy;
  private final URI base;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(1))
          .build();
  private final List<Call> open = new ArrayList<>(); // guarded by this
  private long known; // micro-units charged for certain, guarded by this
  private volatile long calls;
  private volatile boolean stopped;

  /**
   * A call of which it is not certain what was charged.
   *
   * @param answered whether its answer came, with what it cost
   */
  private record Call(long number, boolean answered) {}

  Payer(World world, int gateway, int budget) {
    this.service = world.service;
    this.budget = budget;
    this.knownBy = world.knownBy(budget);
    this.base = URI.create("http://127.0.0.1:" + world.port(gateway) + "/b" + budget);
    new Thread(this::run).start();
  }

  private void run() {
    while (!stopped) {
      boolean refused;
      synchronized (this) {
        calls = calls + 1;
        refused = !pay(calls);
      }
      LockSupport.parkNanos(refused ? REFUSED_NANOS : PAUSE_NANOS);
    }
  }

  /** One of its requests, under the name by which it may be known again. */
  private HttpRequest request(URI to, long number) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(to)
            .header("X-Api-Key", World.KEY)
            .header("X-Call", Long.toString(number))
            .timeout(Duration.ofSeconds(3))
            .POST(HttpRequest.BodyPublishers.noBody()); // which nobody sends twice by himself
    if (!knownBy.isEmpty()) {
      request.header(knownBy, "payer-" + budget + "-" + number);
    }
    return request.build();
  }

  /** Sends one of its requests again, to this gateway; whether it was served. */
  boolean again(World world, int gateway, long number) throws InterruptedException {
    URI there = URI.create("http://127.0.0.1:" + world.port(gateway) + "/b" + budget);
    try {
      HttpRequest same = request(there, number);
      return client.send(same, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException dead) {
      return false;
    }
  }

  /** Requests so far, the one under way included. */
  long calls() {
    return calls;
  }

  /** Whether somebody listened. */
  private boolean pay(long number) {
    HttpRequest request = request(base, number);
    try {
      HttpResponse<Void> answer = client.send(request, HttpResponse.BodyHandlers.discarding());
      if (answer.statusCode() == 200) {
        // It goes out before it is settled; the one before it was.
        open.stream().filter(Call::answered).forEach(c -> known += service.cost(budget, c.number()));
        open.removeIf(Call::answered);
        open.add(new Call(number, true));
      } else if (service.cost(budget, number) > 0) {
        open.add(new Call(number, false));
      }
    } catch (ConnectException notRunning) {
      return false; // and nothing was held
    } catch (IOException dead) {
      open.add(new Call(number, false));
    } catch (InterruptedException ended) {
      stopped = true;
    }
    return true;
  }

  /**
   * Compares what a killed gateway charged in all with what it may have charged; waits for the call
   * under way.
   *
   * @return null when it is one of these, else what is wrong
   */
  synchronized String check(long charged) {
    Set<Long> possible = new TreeSet<>(Set.of(known));
    for (Call call : open) {
      long cost = service.cost(budget, call.number());
      Set<Long> sums = new TreeSet<>();
      for (long sum : possible) {
        sums.add(sum + World.COST);
        sums.add(sum + cost); // nothing, if it never came
      }
      possible = sums;
    }
    String wrong = possible.contains(charged) ? null : "b" + budget + ": " + charged + " of " + possible;
    open.clear();
    known = charged;
    return wrong;
  }

  /** Makes no further call; waits for the one under way. */
  synchronized void stop() {
    stopped = true;
  }
}
