import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * People with a wallet, a third near each region, each known by a token and, once it was given one,
 * by the pin's cookie. Each pays in turn, on a schedule that waits for nobody. A payment that is not
 * answered well within a second is sent again under the same key, by way of the next gateway, until
 * it is: after 100 ms, then twice as long each time up to 800 ms.
 */
final class Users implements AutoCloseable {
  static final String SECRET = "users-of-a-benchmark-not-secret-0";
  static final String ISSUER = "https://id.bench.avalo.app";
  static final List<String> HOMES = List.of("192.0.2.7", "198.51.100.7", "203.0.113.7");

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final int SHORTEST_PAUSE_MILLIS = 100;
  private static final int MOST_DOUBLINGS = 3;
  private static final long STACK_BYTES = 128 * 1024;

  private final ExecutorService waiting = Executors.newCachedThreadPool(Users::daemon);
  private final ScheduledExecutorService pausing =
      Executors.newSingleThreadScheduledExecutor(Users::daemon);

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(null, task, "users", STACK_BYTES);
    thread.setDaemon(true);
    return thread;
  }

  private final List<User> users = new ArrayList<>();
  private final List<Payment> payments = Collections.synchronizedList(new ArrayList<>());
  private final Map<Integer, Integer> refusals = Collections.synchronizedMap(new TreeMap<>());
  private final AtomicInteger open = new AtomicInteger();
  private final List<Line> gateways = new ArrayList<>();
  private int next;

  private static final class User {
    private final String name;
    private final String token;
    private final String address;
    private volatile String cookie = "";

    User(int number) {
      name = "user-" + number;
      token = token(name);
      address = HOMES.get(number % HOMES.size());
    }
  }

  /** One write, from when the user wanted it. */
  static final class Payment {
    private final User user;
    private final String key;
    private final long startNanos = System.nanoTime();
    private volatile long tookNanos = -1;
    private volatile String refusal = "";
    private volatile int refused;
    private volatile String story = "";

    Payment(User user, String key) {
      this.user = user;
      this.key = key;
    }

    String user() {
      return user.name;
    }

    String key() {
      return key;
    }

    long startNanos() {
      return startNanos;
    }

    /** Attempts: gateway, when it ended, in ms since the user wanted to pay, and how. */
    String story() {
      return story;
    }

    private void tell(int gateway, Line.Answer answer) {
      long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
      String how = answer == null ? "-" : answer.status() + " " + answer.region();
      story += " | gateway " + gateway + " at " + tookMillis + ": " + how;
    }

    /** Until it was accepted, -1 while it is not. */
    long tookNanos() {
      return tookNanos;
    }
  }

  Users(int count, int[] ports) {
    for (int port : ports) {
      gateways.add(new Line(port));
    }
    for (int i = 0; i < count; i++) {
      users.add(new User(i));
    }
  }

  private static String token(String user) {
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    String head = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
    String claims =
        "{\"iss\":\"%s\",\"sub\":\"%s\",\"exp\":%d}"
            .formatted(ISSUER, user, System.currentTimeMillis() / 1000 + 86_400);
    String signed =
        base64.encodeToString(head.getBytes(StandardCharsets.UTF_8))
            + "."
            + base64.encodeToString(claims.getBytes(StandardCharsets.UTF_8));
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      byte[] signature = mac.doFinal(signed.getBytes(StandardCharsets.UTF_8));
      return signed + "." + base64.encodeToString(signature);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }

  /** Pays so often a second for a while. */
  void pay(int perSecond, Duration time) {
    long start = System.nanoTime();
    long count = perSecond * time.toMillis() / 1000;
    for (int sent = 0; sent < count; sent++) {
      long dueNanos = start + sent * 1_000_000_000L / perSecond;
      while (System.nanoTime() < dueNanos) {
        LockSupport.parkNanos(dueNanos - System.nanoTime());
      }
      int number = next++;
      Payment payment = new Payment(users.get(number % users.size()), "payment-" + number);
      payments.add(payment);
      open.incrementAndGet();
      waiting.execute(() -> attempt(payment, number % gateways.size()));
    }
  }

  private void attempt(Payment payment, int gateway) {
    String cookie = payment.user.cookie;
    String request =
        "POST /wallet HTTP/1.1\r\nHost: wallet\r\nContent-Length: 0\r\nAuthorization: Bearer "
            + payment.user.token
            + "\r\nX-Forwarded-For: "
            + payment.user.address
            + "\r\nIdempotency-Key: "
            + payment.key
            + (cookie.isEmpty() ? "" : "\r\nCookie: " + cookie)
            + "\r\n\r\n";
    answered(payment, gateway, gateways.get(gateway).ask(request, PATIENCE));
  }

  private void answered(Payment payment, int gateway, Line.Answer answer) {
    payment.tell(gateway, answer);
    if (answer != null && !answer.cookie().isEmpty()) {
      payment.user.cookie = answer.cookie();
    }
    if (answer != null && answer.status() == 200) {
      payment.tookNanos = System.nanoTime() - payment.startNanos;
      open.decrementAndGet();
      return;
    }
    payment.refusal = answer == null ? "no answer" : answer.status() + " " + answer.body();
    refusals.merge(answer == null ? 0 : answer.status(), 1, Integer::sum);
    int pauseMillis = SHORTEST_PAUSE_MILLIS << Math.min(payment.refused++, MOST_DOUBLINGS);
    int other = (gateway + 1) % gateways.size();
    pausing.schedule(
        () -> waiting.execute(() -> attempt(payment, other)), pauseMillis, TimeUnit.MILLISECONDS);
  }

  /** Waits for what is under way; returns how many payments nobody answered. */
  int finish(Duration atMost) {
    long end = System.nanoTime() + atMost.toNanos();
    while (open.get() > 0 && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    payments().stream()
        .filter(payment -> payment.tookNanos < 0)
        .limit(3)
        .forEach(
            payment ->
                System.err.printf(
                    "%s of %s: %s%n",
                    payment.key, payment.user.name, payment.refusal.replaceAll("\\s+", " ")));
    return open.get();
  }

  List<Payment> payments() {
    return List.copyOf(payments);
  }

  /** Forgets the refusals so far: those of processes that are still cold say nothing. */
  void warm() {
    refusals.clear();
  }

  /** How often each status came that was not 200; 0 for no answer. */
  Map<Integer, Integer> refusals() {
    return new TreeMap<>(refusals);
  }

  @Override
  public void close() {
    pausing.shutdownNow();
    waiting.shutdownNow();
    gateways.forEach(Line::close);
  }
}
