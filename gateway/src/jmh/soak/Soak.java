import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Mixed traffic through a gateway process for minutes, and what is left of it in the process
 * afterwards. Exits 1 if heap, sockets or direct memory grew, if a buffer leaked (Netty's paranoid
 * detection), or if an answer was not what it had to be.
 *
 * <p>Arguments: the gateway's jar, the WebSocket upstream's source, seconds of traffic.
 */
final class Soak {
  private static final int WORKERS = 12;
  private static final int WARM_UP_SECONDS = 30;
  private static final long HEAP_GROWTH = 6 << 20;
  private static final long DIRECT_GROWTH = 16 << 20;
  private static final long SOCKET_GROWTH = 8;
  private static final byte[] BIG = new byte[5 << 20];
  private static final Path DIRECTORY = temporary();

  private final Map<String, AtomicLong> done = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> wrong = new ConcurrentHashMap<>();
  private final List<Scenario> scenarios;
  private final int plain;

  /** Something that a client does; returns normally only if it ended as it has to. */
  private record Scenario(String name, Step step) {}

  private interface Step {
    void play(Random random) throws Exception;
  }

  /** What the process holds when nothing is under way. */
  private record Holdings(long heap, long sockets, long direct) {}

  private Soak(int plain, int tls, SSLContext trust) {
    this.plain = plain;
    HttpClient one = client(HttpClient.Version.HTTP_1_1, trust);
    HttpClient two = client(HttpClient.Version.HTTP_2, trust);
    String clear = "http://localhost:" + plain;
    String secret = "https://localhost:" + tls;
    this.scenarios =
        List.of(
            new Scenario("GET", random -> echo(one, clear, random, false, 0)),
            new Scenario("GET, TLS", random -> echo(one, secret, random, false, 0)),
            new Scenario("GET, HTTP/2 and TLS", random -> echo(two, secret, random, false, 0)),
            new Scenario("POST", random -> echo(one, clear, random, false, 200_000)),
            new Scenario("POST, HTTP/2 and TLS", random -> echo(two, secret, random, false, 200_000)),
            new Scenario("chunked POST", random -> echo(one, clear, random, true, 200_000)),
            new Scenario("chunked POST, TLS", random -> echo(one, secret, random, true, 200_000)),
            new Scenario("WebSocket", random -> webSocket(one, clear.replace("http", "ws"), true)),
            new Scenario("WebSocket, TLS", random -> webSocket(one, secret.replace("http", "ws"), true)),
            new Scenario("aborted WebSocket", random -> webSocket(one, clear.replace("http", "ws"), false)),
            new Scenario("aborted request", this::abortRequest),
            new Scenario("aborted answer", random -> abortAnswer(two, secret)),
            new Scenario("aborted answer, RST", random -> abortAnswer()),
            new Scenario("answer cut off upstream", random -> cutOff(random.nextBoolean() ? one : two, secret)),
            new Scenario("no HTTP at all", this::garbage),
            new Scenario("handshake left alone", random -> new Socket("localhost", tls).close()));
  }

  public static void main(String[] arguments) throws Exception {
    int seconds = Integer.parseInt(arguments[2]);
    SSLContext trust = certificates();
    Process webSockets = new ProcessBuilder("java", "-Xmx64m", arguments[1]).start();
    Process gateway = null;
    boolean good = false;
    HttpServer service = service();
    try {
      String port = webSockets.inputReader().readLine();
      gateway = gateway(arguments[0], service.getAddress().getPort(), Integer.parseInt(port));
      int[] ports = ports(gateway);
      Soak soak = new Soak(ports[0], ports[1], trust);
      soak.traffic(WARM_UP_SECONDS);
      Holdings before = holdings(gateway.pid());
      soak.traffic(seconds);
      Holdings after = holdings(gateway.pid());
      good = soak.report(before, after);
    } finally {
      service.stop(0);
      webSockets.destroy();
      if (gateway != null) {
        gateway.destroy();
      }
    }
    System.exit(good ? 0 : 1);
  }

  private static Path temporary() {
    try {
      return Files.createTempDirectory("soak-");
    } catch (IOException failed) {
      throw new ExceptionInInitializerError(failed);
    }
  }

  private static HttpClient client(HttpClient.Version version, SSLContext trust) {
    return HttpClient.newBuilder()
        .version(version)
        .sslContext(trust)
        .connectTimeout(Duration.ofSeconds(20))
        .build();
  }

  private void traffic(int seconds) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < WORKERS; i++) {
      Random random = new Random(i);
      Thread worker =
          new Thread(
              () -> {
                while (System.nanoTime() < end) {
                  play(scenarios.get(random.nextInt(scenarios.size())), random);
                }
              });
      worker.start();
      workers.add(worker);
    }
    for (Thread worker : workers) {
      worker.join();
    }
  }

  private void play(Scenario scenario, Random random) {
    try {
      scenario.step.play(random);
      count(done, scenario.name);
    } catch (Exception | AssertionError failed) {
      count(wrong, scenario.name + ": " + failed);
    }
  }

  private static void count(Map<String, AtomicLong> counters, String name) {
    counters.computeIfAbsent(name, first -> new AtomicLong()).incrementAndGet();
  }

  private static void echo(
      HttpClient client, String base, Random random, boolean chunked, int most) throws Exception {
    byte[] body = new byte[most == 0 ? 0 : random.nextInt(most)];
    random.nextBytes(body);
    BodyPublisher sent =
        chunked
            ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))
            : BodyPublishers.ofByteArray(body);
    HttpRequest.Builder request = request(base + "/echo");
    HttpResponse<byte[]> answer =
        client.send(
            most == 0 ? request.build() : request.POST(sent).build(), BodyHandlers.ofByteArray());
    check(answer.statusCode() == 200, answer.statusCode() + " " + new String(answer.body()).replaceAll("\"requestId.*", ""));
    check(Arrays.equals(answer.body(), body), "another body");
  }

  private static HttpRequest.Builder request(String uri) {
    return HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(30));
  }

  private static void check(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  private static void webSocket(HttpClient client, String base, boolean politely) throws Exception {
    CompletableFuture<String> heard = new CompletableFuture<>();
    CompletableFuture<Integer> closed = new CompletableFuture<>();
    WebSocket.Listener listener =
        new WebSocket.Listener() {
          private final StringBuilder whole = new StringBuilder();

          @Override
          public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            // The client hands a message over in as many parts as it likes.
            whole.append(text);
            if (last) {
              heard.complete(whole.toString());
            }
            socket.request(1);
            return null;
          }

          @Override
          public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            closed.complete(status);
            return null;
          }
        };
    WebSocket socket =
        client
            .newWebSocketBuilder()
            .buildAsync(URI.create(base + "/socket"), listener)
            .get(20, TimeUnit.SECONDS);
    socket.sendText("hello", true).get(20, TimeUnit.SECONDS);
    String text = heard.get(20, TimeUnit.SECONDS);
    check(text.equals("hello"), "another text: " + text);
    if (politely) {
      socket.sendClose(4000, "done").get(20, TimeUnit.SECONDS);
      check(closed.get(20, TimeUnit.SECONDS) == 4000, "another code");
    }
    socket.abort();
  }

  private void abortRequest(Random random) throws IOException {
    try (Socket socket = new Socket("localhost", plain)) {
      socket.setSoLinger(true, 0);
      String head =
          random.nextBoolean()
              ? "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nbeginning"
              : "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nbegin";
      send(socket, head.substring(0, head.length() - random.nextInt(40)));
    }
  }

  private static void abortAnswer(HttpClient client, String base) throws Exception {
    HttpResponse<InputStream> answer =
        client.send(request(base + "/big").build(), BodyHandlers.ofInputStream());
    try (InputStream body = answer.body()) {
      check(body.readNBytes(10_000).length == 10_000, "too few bytes");
    }
  }

  private void abortAnswer() throws IOException {
    try (Socket socket = new Socket("localhost", plain)) {
      socket.setSoLinger(true, 0);
      send(socket, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
      check(socket.getInputStream().readNBytes(10_000).length == 10_000, "too few bytes");
    }
  }

  private static void cutOff(HttpClient client, String base) throws Exception {
    try {
      client.send(request(base + "/cut").build(), BodyHandlers.ofByteArray());
    } catch (IOException asItShould) {
      return;
    }
    throw new AssertionError("a truncated body looked complete");
  }

  private void garbage(Random random) throws IOException {
    try (Socket socket = new Socket("localhost", plain)) {
      byte[] bytes = new byte[64];
      random.nextBytes(bytes);
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(bytes);
      send(socket, "\r\n\r\n");
      socket.getInputStream().readAllBytes();
    } catch (java.net.SocketException reset) {
      // Closed with bytes unread: as good an end as any other.
    }
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private boolean report(Holdings before, Holdings after) throws IOException {
    new TreeMap<>(done).forEach((name, times) -> System.out.printf("%9d %s%n", times.get(), name));
    new TreeMap<>(wrong).forEach((what, times) -> System.out.printf("WRONG %d x %s%n", times.get(), what));
    boolean good = wrong.isEmpty();
    good &= line("heap after GC, KiB", before.heap >> 10, after.heap >> 10, HEAP_GROWTH >> 10);
    good &= line("open sockets", before.sockets, after.sockets, SOCKET_GROWTH);
    good &= line("direct memory, KiB", before.direct >> 10, after.direct >> 10, DIRECT_GROWTH >> 10);
    List<String> bad =
        Files.readAllLines(log()).stream()
            .filter(line -> line.contains("LEAK") || line.contains("level=ERROR"))
            .toList();
    System.out.printf("%-22s %9d%n", "leaks and errors", bad.size());
    bad.stream().limit(10).forEach(System.out::println);
    System.out.println("log: " + log());
    return good && bad.isEmpty();
  }

  private static boolean line(String what, long before, long after, long most) {
    boolean good = after - before <= most;
    System.out.printf(
        "%-22s %9d -> %9d  (at most +%d)%s%n", what, before, after, most, good ? "" : "  GREW");
    return good;
  }

  /** Waits until idle connections have gone, then looks. */
  private static Holdings holdings(long pid) throws Exception {
    Thread.sleep(30_000);
    long heap = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      String histogram = jcmd(pid, "GC.class_histogram");
      String[] total = histogram.substring(histogram.lastIndexOf("Total")).trim().split("\\s+");
      heap = Math.min(heap, Long.parseLong(total[2]));
    }
    long sockets;
    try (Stream<Path> files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      sockets = files.filter(Soak::isSocket).count();
    }
    Matcher direct =
        Pattern.compile("Other \\(reserved=\\d+KB, committed=(\\d+)KB")
            .matcher(jcmd(pid, "VM.native_memory", "summary"));
    check(direct.find(), "no figure for direct memory");
    return new Holdings(heap, sockets, Long.parseLong(direct.group(1)) << 10);
  }

  private static boolean isSocket(Path file) {
    try {
      return Files.readSymbolicLink(file).toString().startsWith("socket:");
    } catch (IOException closed) {
      return false;
    }
  }

  private static String jcmd(long pid, String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of(java("jcmd"), Long.toString(pid)));
    all.addAll(List.of(command));
    return new String(new ProcessBuilder(all).start().getInputStream().readAllBytes());
  }

  private static String java(String program) {
    return Path.of(System.getProperty("java.home"), "bin", program).toString();
  }

  private static Path log() {
    return DIRECTORY.resolve("gateway.log");
  }

  private static Process gateway(String jar, int service, int webSockets) throws IOException {
    Path yaml = DIRECTORY.resolve("gateway.yaml");
    Files.writeString(
        yaml,
        """
        name: soak
        listeners:
          - {name: plain, address: "127.0.0.1:0", bounds: {idleTimeout: 10s}}
          - name: tls
            address: "127.0.0.1:0"
            # Clients that abort answers share their connection with clients that do not.
            bounds: {idleTimeout: 10s, streamResets: 100000}
            tls: {certificates: [{certificate: soak.crt, key: soak.key}]}
        admin: {address: "127.0.0.1:0"}
        accessLog: {to: "off"}
        regions:
          eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
        defaults: {timeouts: {attempt: 20s, connect: 5s, total: 60s}}
        services:
          http: {regions: {eu: "http://127.0.0.1:%d"}}
          sockets: {regions: {eu: "http://127.0.0.1:%d"}}
        routes:
          - {name: sockets, match: {path: /socket}, service: sockets}
          - {name: http, match: {path: {prefix: /}}, service: http}
        """
            .formatted(service, webSockets));
    return new ProcessBuilder(
            java("java"),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:NativeMemoryTracking=summary",
            "-Dio.netty.leakDetection.level=paranoid",
            "-jar",
            jar,
            "run",
            yaml.toString(),
            "--loops",
            "2")
        .redirectError(log().toFile())
        .start();
  }

  /** The ports of the two listeners, as they are printed. */
  private static int[] ports(Process gateway) throws IOException {
    int[] ports = new int[2];
    while (ports[0] == 0 || ports[1] == 0) {
      String line = gateway.inputReader().readLine();
      check(line != null, "the gateway did not start, see " + log());
      Matcher listener = Pattern.compile("  (plain|tls) +https?://.*:(\\d+)").matcher(line);
      if (listener.matches()) {
        ports[listener.group(1).equals("tls") ? 1 : 0] = Integer.parseInt(listener.group(2));
      }
    }
    return ports;
  }

  private static HttpServer service() throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 1024);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", Soak::serve);
    server.start();
    return server;
  }

  private static void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (path.equals("/cut")) {
      exchange.sendResponseHeaders(200, 100_000);
      exchange.getResponseBody().write(new byte[50_000]);
      exchange.getResponseBody().flush();
      throw new IOException("cut off");
    }
    byte[] answer = path.equals("/big") ? BIG : body;
    // Zero means chunked, -1 nothing.
    exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length % 2 == 0 ? 0 : answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private static SSLContext certificates() throws Exception {
    Path store = DIRECTORY.resolve("soak.p12");
    char[] password = "only-in-the-soak".toCharArray();
    Process keytool =
        new ProcessBuilder(
                java("keytool"), "-genkeypair", "-alias", "soak", "-dname", "CN=soak", "-ext",
                "san=dns:localhost", "-keyalg", "EC", "-groupname", "secp256r1", "-storetype",
                "PKCS12", "-storepass", new String(password), "-keystore", store.toString())
            .inheritIO()
            .start();
    check(keytool.waitFor() == 0, "no certificate");
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, password);
    }
    pem("soak.crt", "CERTIFICATE", keys.getCertificate("soak").getEncoded());
    pem("soak.key", "PRIVATE KEY", keys.getKey("soak", password).getEncoded());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("soak", keys.getCertificate("soak"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static void pem(String file, String type, byte[] der) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    Files.writeString(
        DIRECTORY.resolve(file), "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n");
  }
}
