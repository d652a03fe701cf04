import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Iterator;

/**
 * The service behind the gateway: one thread, many sockets. Answers 1 KiB to a GET, echoes text
 * frames of WebSockets, and sends 600 MB on {@code /flood}, to either. Prints its port.
 */
final class Upstream {
  private static final long FLOOD_BYTES = 600_000_000;
  private static final byte[] ANSWER = answer();
  private static final ByteBuffer READ = ByteBuffer.allocateDirect(1 << 16);
  private static final ByteBuffer FLOOD = ByteBuffer.allocateDirect(1 << 16);

  private static final class Peer {
    final StringBuilder head = new StringBuilder();
    boolean webSocket;
    long flood;
  }

  public static void main(String[] arguments) throws Exception {
    Selector selector = Selector.open();
    int port = 0;
    // Several addresses, because a client's ports and a pool's ceiling are per address.
    for (int i = 1; i <= 4; i++) {
      ServerSocketChannel server = ServerSocketChannel.open();
      server.bind(new InetSocketAddress("127.0.0." + i, port), 4096);
      port = ((InetSocketAddress) server.getLocalAddress()).getPort();
      server.configureBlocking(false);
      server.register(selector, SelectionKey.OP_ACCEPT);
    }
    System.out.println(port);
    while (true) {
      selector.select();
      for (Iterator<SelectionKey> keys = selector.selectedKeys().iterator(); keys.hasNext(); ) {
        SelectionKey key = keys.next();
        keys.remove();
        try {
          serve(selector, key);
        } catch (IOException gone) {
          key.channel().close();
        }
      }
    }
  }

  private static void serve(Selector selector, SelectionKey key) throws Exception {
    if (key.isAcceptable()) {
      SocketChannel accepted = ((ServerSocketChannel) key.channel()).accept();
      if (accepted != null) {
        accepted.configureBlocking(false);
        accepted.register(selector, SelectionKey.OP_READ, new Peer());
      }
      return;
    }
    SocketChannel channel = (SocketChannel) key.channel();
    Peer peer = (Peer) key.attachment();
    if (key.isReadable()) {
      READ.clear();
      if (channel.read(READ) < 0) {
        channel.close();
        return;
      }
      READ.flip();
      if (peer.webSocket) {
        echo(channel);
      } else {
        head(key, channel, peer);
      }
    }
    if (key.isValid() && key.isWritable()) {
      FLOOD.clear().limit((int) Math.min(FLOOD.capacity(), peer.flood));
      peer.flood -= channel.write(FLOOD);
      if (peer.flood == 0) {
        key.interestOps(SelectionKey.OP_READ);
      }
    }
  }

  private static void head(SelectionKey key, SocketChannel channel, Peer peer) throws Exception {
    while (READ.hasRemaining()) {
      peer.head.append((char) READ.get());
    }
    if (peer.head.indexOf("\r\n\r\n") < 0) {
      return;
    }
    String head = peer.head.toString();
    peer.head.setLength(0);
    boolean flood = head.startsWith("GET /flood");
    peer.webSocket = head.toLowerCase().contains("\r\nupgrade: websocket");
    if (peer.webSocket) {
      write(channel, upgrade(head).getBytes(StandardCharsets.US_ASCII));
    } else if (flood) {
      String begin = "HTTP/1.1 200 OK\r\nContent-Length: " + FLOOD_BYTES + "\r\n\r\n";
      write(channel, begin.getBytes(StandardCharsets.US_ASCII));
    } else {
      write(channel, ANSWER);
    }
    if (flood) {
      if (peer.webSocket) {
        write(channel, ByteBuffer.allocate(10).put((byte) 0x82).put((byte) 127)
            .putLong(FLOOD_BYTES).array());
      }
      peer.flood = FLOOD_BYTES;
      key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
    }
  }

  private static String upgrade(String head) throws Exception {
    String name = "\r\nsec-websocket-key: ";
    int at = head.toLowerCase().indexOf(name) + name.length();
    String salted =
        head.substring(at, head.indexOf('\r', at)) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    byte[] digest =
        MessageDigest.getInstance("SHA-1").digest(salted.getBytes(StandardCharsets.US_ASCII));
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Accept: "
        + Base64.getEncoder().encodeToString(digest)
        + "\r\n\r\n";
  }

  /** One whole masked frame of less than 126 bytes, as the program beside this one sends it. */
  private static void echo(SocketChannel channel) throws IOException {
    byte first = READ.get();
    int length = READ.get() & 0x7f;
    byte[] mask = new byte[4];
    READ.get(mask);
    byte[] frame = new byte[2 + length];
    frame[0] = first;
    frame[1] = (byte) length;
    for (int i = 0; i < length; i++) {
      frame[2 + i] = (byte) (READ.get() ^ mask[i & 3]);
    }
    write(channel, frame);
    if ((first & 0x0f) == 8) {
      channel.close();
    }
  }

  private static void write(SocketChannel channel, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static byte[] answer() {
    String head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n";
    return (head + "x".repeat(1024)).getBytes(StandardCharsets.US_ASCII);
  }
}
