package app.avalo.gateway.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A road between two ports that can become a black hole: connections and bytes are still taken, and
 * none of them arrives.
 */
public final class Relay implements AutoCloseable {
  private final ServerSocket server;
  private final int to;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile boolean swallowing;

  private Relay(int to) throws IOException {
    this.server = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
    this.to = to;
    start(this::acceptAll);
  }

  /** A road to this port of the loopback, from a free one. */
  public static Relay to(int port) {
    try {
      return new Relay(port);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  public int port() {
    return server.getLocalPort();
  }

  /** Whatever comes, from either side, is taken and lost from now on. */
  public void swallow() {
    swallowing = true;
  }

  /** A road again; the connections that lost something end. */
  public void pass() {
    swallowing = false;
    open.forEach(Relay::close);
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "relay");
    thread.setDaemon(true);
    thread.start();
  }

  private void acceptAll() {
    while (!server.isClosed()) {
      try {
        Socket near = server.accept();
        open.add(near);
        start(() -> connect(near));
      } catch (IOException closed) {
        // The loop's condition tells.
      }
    }
  }

  private void connect(Socket near) {
    if (swallowing) {
      return;
    }
    try {
      Socket far = new Socket(InetAddress.getLoopbackAddress(), to);
      open.add(far);
      near.setTcpNoDelay(true);
      far.setTcpNoDelay(true);
      start(() -> carry(near, far));
      carry(far, near);
    } catch (IOException refused) {
      close(near);
    }
  }

  private void carry(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] bytes = new byte[16 * 1024];
      for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
        out.write(bytes, 0, swallowing ? 0 : read);
      }
    } catch (IOException ended) {
      // One of the two hung up; the other one is told, unless the road is a hole.
    }
    open.remove(from);
    if (!swallowing) {
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException closed) {
      // It is gone, which was the intention.
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    open.forEach(Relay::close);
  }
}
