package app.avalo.gateway.filter.redis;

import app.avalo.gateway.config.StateConfig;
import app.avalo.gateway.filter.Tether;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import redis.embedded.core.ExecutableProvider;

/**
 * A real redis-server on a free port of the loopback, from the PATH or else from the embedded-redis
 * dependency; it can be killed, stopped, thawed and restarted. {@link #any} takes the server named
 * by {@code REDIS_URL} instead, for tests that do not harm it. Keeps nothing on disk.
 */
public final class RedisServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final String host;
  private final int port;
  private final List<String> flags;
  private @Nullable Process process;

  private RedisServer(String host, int port, List<String> flags) {
    this.host = host;
    this.port = port;
    this.flags = flags;
  }

  /** A server of one's own, empty and answering. */
  public static RedisServer start(String... flags) {
    RedisServer server = new RedisServer("127.0.0.1", freePort(), List.of(flags));
    server.restart();
    return server;
  }

  /** The server of {@code REDIS_URL}, else one of one's own; use keys that nobody else uses. */
  public static RedisServer any() {
    String url = System.getenv("REDIS_URL");
    if (url == null) {
      return start();
    }
    java.net.URI uri = java.net.URI.create(url);
    return new RedisServer(uri.getHost(), uri.getPort() < 0 ? 6379 : uri.getPort(), List.of());
  }

  /** A port where nobody listens, this moment. */
  public static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  public int port() {
    return port;
  }

  public String url() {
    return "redis://" + host + ":" + port;
  }

  /** The configuration that leads here. */
  public StateConfig.Redis config(Duration deadline, String prefix) {
    return new StateConfig.Redis(
        StateConfig.Mode.SINGLE, List.of(url()), null, null, deadline, prefix, 1);
  }

  /** Starts an empty server on the same port and waits until it answers. */
  public void restart() {
    List<String> command = new ArrayList<>(List.of(binary(), "--port", "" + port));
    command.addAll(List.of("--bind", host, "--save", "", "--appendonly", "no"));
    command.addAll(flags);
    launch(command);
  }

  private void launch(List<String> command) {
    try {
      process =
          new ProcessBuilder(Tether.tie(command))
              // A replica leaves a dump where it runs.
              .directory(Files.createTempDirectory("redis").toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      awaitPong();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** A Sentinel that watches one master under a name, with a quorum of one. */
  public static RedisServer sentinel(String masterName, RedisServer master) {
    RedisServer sentinel = new RedisServer("127.0.0.1", freePort(), List.of());
    try {
      Path file = Files.createTempFile("sentinel", ".conf");
      file.toFile().deleteOnExit();
      Files.writeString(
          file,
          """
          port %d
          bind 127.0.0.1
          sentinel monitor %s 127.0.0.1 %d 1
          sentinel down-after-milliseconds %s 500
          sentinel failover-timeout %s 3000
          """
              .formatted(sentinel.port, masterName, master.port, masterName, masterName));
      sentinel.launch(List.of(binary(), file.toString(), "--sentinel"));
      return sentinel;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** A cluster of so many masters, each with an equal part of the slots; they find each other. */
  public static List<RedisServer> cluster(int nodes, String... more) {
    List<RedisServer> all = new ArrayList<>();
    try {
      for (int i = 0; i < nodes; i++) {
        RedisServer node = clusterNode(more);
        all.add(node);
        node.ownSlots(16_384 * i / nodes, 16_384 * (i + 1) / nodes);
        node.command("CLUSTER MEET 127.0.0.1 " + all.get(0).port);
      }
      return all;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static RedisServer clusterNode(String... more) throws IOException {
    Path file = Files.createTempFile("nodes", ".conf");
    file.toFile().deleteOnExit();
    List<String> flags =
        new ArrayList<>(
            List.of("--cluster-enabled", "yes", "--cluster-config-file", file.toString()));
    flags.addAll(List.of(more));
    RedisServer node = new RedisServer("127.0.0.1", clusterPort(), flags);
    node.restart();
    return node;
  }

  /** One more master of the cluster of this node, without slots. */
  public RedisServer clusterMaster() {
    try {
      RedisServer master = clusterNode();
      master.command("CLUSTER MEET 127.0.0.1 " + port);
      return master;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** A replica of this node of a cluster; it takes its place when it is gone. */
  public RedisServer clusterReplica(String... more) {
    try {
      RedisServer replica = clusterNode(more);
      replica.command("CLUSTER MEET 127.0.0.1 " + port);
      long end = System.nanoTime() + PATIENCE.toNanos();
      String order = "CLUSTER REPLICATE " + command("CLUSTER MYID");
      boolean ordered = false;
      while (!ordered || !replica.command("INFO replication").contains("master_link_status:up")) {
        if (System.nanoTime() > end) {
          throw new IOException("no replica");
        }
        ordered = ordered || replica.command(order).equals("+OK"); // once it knows the node
      }
      return replica;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** The cluster's own port is 10,000 above. */
  private static int clusterPort() {
    int port = freePort();
    while (port > 55_000) {
      port = freePort();
    }
    return port;
  }

  private void ownSlots(int from, int to) throws IOException {
    for (int slot = from; slot < to; slot += 2048) {
      StringBuilder slots = new StringBuilder("CLUSTER ADDSLOTS");
      for (int i = slot; i < Math.min(to, slot + 2048); i++) {
        slots.append(' ').append(i);
      }
      command(slots.toString());
    }
  }

  /** Whether a node of a cluster knows so many and serves. */
  public boolean serves(int nodes) {
    try {
      String info = command("CLUSTER INFO");
      return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:" + nodes);
    } catch (IOException failure) {
      return false;
    }
  }

  private static String binary() {
    for (String folder : System.getenv("PATH").split(java.io.File.pathSeparator)) {
      Path candidate = Path.of(folder, "redis-server");
      if (Files.isExecutable(candidate)) {
        return candidate.toString();
      }
    }
    try {
      return ExecutableProvider.newJarResourceProvider().get().getAbsolutePath();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private void awaitPong() throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        if (command("PING").equals("+PONG")) {
          return;
        }
      } catch (IOException notYet) {
        if (System.nanoTime() > end) {
          throw notYet;
        }
        Thread.onSpinWait();
      }
    }
  }

  /**
   * Sends one inline command over a connection of its own.
   *
   * @return the first line of the answer; for a bulk string all of it
   */
  public String command(String line) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), 1000);
      socket.setSoTimeout(5000);
      socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
      InputStream in = socket.getInputStream();
      String first = line(in);
      if (!first.startsWith("$") || first.equals("$-1")) {
        return first;
      }
      byte[] bulk = in.readNBytes(Integer.parseInt(first.substring(1)));
      return new String(bulk, StandardCharsets.UTF_8);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException("connection closed");
      }
      if (next != '\r') {
        text.append((char) next);
      }
    }
    return text.toString();
  }

  /** Ends it at once, as a lost machine would; what it knew is gone. */
  public void kill() {
    Process running = running();
    running.destroyForcibly();
    try {
      running.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** Freezes it: connections stay open and nothing is answered. */
  public void stop() {
    signal("STOP");
  }

  /** Lets it go on after {@link #stop}. */
  public void cont() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      new ProcessBuilder("sh", "-c", "kill -" + name + " " + running().pid()).start().waitFor();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private Process running() {
    Process running = process;
    if (running == null) {
      throw new IllegalStateException("the server of REDIS_URL is not ours to harm");
    }
    return running;
  }

  @Override
  public void close() {
    if (process != null) {
      kill();
    }
  }
}
