package app.avalo.gateway.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** A client that sends exactly the bytes it is told to. */
public final class Wire implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 10_000;
  private static final int NARROW_BYTES = 16 * 1024;
  private final Socket socket;

  public Wire(int port) {
    this(port, "127.0.0.1");
  }

  /** A client at one of this machine's addresses, such as 127.0.0.2. */
  public Wire(int port, String from) {
    this(new Socket(), port, from);
  }

  private Wire(Socket socket, int port, String from) {
    try {
      this.socket = socket;
      socket.bind(new InetSocketAddress(from, 0));
      socket.connect(new InetSocketAddress("127.0.0.1", port));
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket.setTcpNoDelay(true);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** A client for which the kernel keeps little that it has not read. */
  public static Wire narrow(int port) {
    try {
      Socket socket = new Socket();
      socket.setReceiveBufferSize(NARROW_BYTES);
      return new Wire(socket, port, "127.0.0.1");
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Sends text as it is; write CR and LF where they belong. */
  public Wire send(String text) {
    return send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  public Wire send(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
      return this;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Sends as much as the other side still takes. */
  public Wire trySend(String text) {
    try {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    } catch (IOException closed) {
      // What it answered before is still there to be read.
    }
    return this;
  }

  /** Everything until the other side closes, which it has to. */
  public String readAll() {
    try {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    } catch (SocketTimeoutException open) {
      throw new UncheckedIOException(open);
    } catch (IOException reset) {
      return "reset: " + reset.getMessage();
    }
  }

  /** Everything until these bytes have come, or the end. */
  public String readUntil(String mark) {
    StringBuilder read = new StringBuilder();
    try {
      InputStream in = socket.getInputStream();
      for (int b = in.read(); b >= 0; b = in.read()) {
        read.append((char) b);
        if (read.indexOf(mark, read.length() - mark.length()) >= 0) {
          break;
        }
      }
    } catch (IOException late) {
      throw new UncheckedIOException(read.toString(), late);
    }
    return read.toString();
  }

  /** This many bytes. */
  public byte[] read(int count) {
    try {
      byte[] bytes = socket.getInputStream().readNBytes(count);
      if (bytes.length < count) {
        throw new IOException("closed after " + bytes.length + " of " + count + " bytes");
      }
      return bytes;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Whether the other side has closed; waits for it. */
  public boolean isClosed() {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException open) {
      return false;
    } catch (IOException reset) {
      return true;
    }
  }

  public Socket socket() {
    return socket;
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
