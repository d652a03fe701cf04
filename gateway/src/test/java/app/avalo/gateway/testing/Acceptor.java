package app.avalo.gateway.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Accepts connections at a free port and serves each on a thread of its own, until it closes. */
public final class Acceptor implements AutoCloseable {
  private final ServerSocket server;
  private final Service service;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  /** What happens on a connection; it is closed afterwards. */
  public interface Service {
    void serve(Socket socket) throws IOException;
  }

  /** Accepts from now on. */
  public Acceptor(Service service) {
    this.service = service;
    try {
      server = new ServerSocket(0, 256, InetAddress.getByName("127.0.0.1"));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    thread(this::acceptAll);
  }

  private static void thread(Runnable task) {
    Thread thread = new Thread(task, "test-upstream");
    thread.setDaemon(true);
    thread.start();
  }

  public int port() {
    return server.getLocalPort();
  }

  private void acceptAll() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        socket.setTcpNoDelay(true);
        open.add(socket);
        thread(() -> serve(socket));
      } catch (IOException closed) {
        // The loop's condition tells.
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      service.serve(socket);
    } catch (IOException gone) {
      // The gateway closed, or the script ended in the middle.
    } finally {
      open.remove(socket);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
