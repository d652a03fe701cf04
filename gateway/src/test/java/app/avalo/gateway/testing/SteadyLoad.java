package app.avalo.gateway.testing;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Callers over kept connections, each of whom asks again as soon as there is an answer, and the
 * service that answers them. Both do as little as can be done, so that it is the gateways between
 * them that have no time to spare, and never sleep: waking them would be work of whoever writes to
 * them, the more often the slower he is.
 */
public final class SteadyLoad implements AutoCloseable {
  private static final int BODY = 1024;
  private static final int EVENTS = 1024;
  private static final byte[] HEAD_END = {'\r', '\n', '\r', '\n'};

  private static final ByteBuf REST = bytes("\r\n\r\n");

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1,
          EpollIoHandler.newFactory(
              EVENTS,
              () -> (ready, tasks) -> tasks ? Math.max(0, ready.get()) : SelectStrategy.BUSY_WAIT));
  private final String run = Long.toHexString(System.nanoTime());
  private volatile String failed = "";

  /**
   * What all callers ask.
   *
   * @param path of a GET
   * @param headers whole lines, each with its end
   * @param id name of a header that has another value in each request, or null
   */
  public record Question(String path, String headers, @Nullable String id) {}

  private static ByteBuf bytes(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
  }

  /**
   * Starts the service; its port.
   *
   * @param headers of its answers, whole lines, each with its end
   */
  public int serve(String headers) {
    ByteBuf answer =
        bytes(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n%scontent-length: %d\r\n\r\n"
                    .formatted(headers, BODY)
                + "x".repeat(BODY));
    Channel server =
        new ServerBootstrap()
            .group(loop)
            .channel(EpollServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(new Answering(answer));
                  }
                })
            .bind(new InetSocketAddress("127.0.0.1", 0))
            .syncUninterruptibly()
            .channel();
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  /** Callers of one gateway; each has a header that tells him from others, {@code X-Caller}. */
  public Callers call(int port, int count, Question first) {
    Callers callers = new Callers(first);
    for (int i = 0; i < count; i++) {
      new Bootstrap()
          .group(loop)
          .channel(EpollSocketChannel.class)
          .handler(new Asking(callers, "caller-" + i))
          .connect(new InetSocketAddress("127.0.0.1", port))
          .syncUninterruptibly();
    }
    return callers;
  }

  @Override
  public void close() {
    loop.shutdownGracefully();
  }

  /** The first tells most. */
  private void fail(String why) {
    failed = failed.isEmpty() ? why : failed;
  }

  /** Bytes to the end of the first head, or -1. */
  private static int head(ByteBuf in) {
    for (int at = in.readerIndex(); at <= in.writerIndex() - HEAD_END.length; at++) {
      if (in.getByte(at) == '\r' && in.getInt(at) == 0x0d0a0d0a) {
        return at + HEAD_END.length - in.readerIndex();
      }
    }
    return -1;
  }

  private static final class Answering extends ByteToMessageDecoder {
    private final ByteBuf answer;

    Answering(ByteBuf answer) {
      this.answer = answer;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
      for (int head = head(in); head >= 0; head = head(in)) {
        in.skipBytes(head);
        context.writeAndFlush(answer.retainedDuplicate(), context.voidPromise());
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
      context.close(); // the gateway misses it, and the caller then tells
    }
  }

  /** Those of one gateway, who all ask the same. */
  public final class Callers {
    private final AtomicLong answered = new AtomicLong();
    private final List<Runnable> waiting = new ArrayList<>(); // on the loop
    private volatile Question question;
    private volatile boolean resting;

    private Callers(Question first) {
      this.question = first;
    }

    public void ask(Question all) {
      question = all;
    }

    /** Nobody asks any more once he has his answer. */
    public void rest() {
      resting = true;
    }

    /** All ask again. */
    public void goOn() {
      resting = false;
      loop.execute(
          () -> {
            waiting.forEach(Runnable::run);
            waiting.clear();
          });
    }

    /** Answers so far. */
    public long answered() {
      if (!failed.isEmpty()) {
        throw new IllegalStateException(failed);
      }
      return answered.get();
    }
  }

  private final class Asking extends ByteToMessageDecoder {
    private final Callers callers;
    private final String name;
    private @Nullable Question asked;
    private ByteBuf head = Unpooled.EMPTY_BUFFER;
    private long count;

    Asking(Callers callers, String name) {
      this.callers = callers;
      this.name = name;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      ask(context);
    }

    private void ask(ChannelHandlerContext context) {
      Question now = callers.question;
      if (now != asked) {
        asked = now;
        String id = now.id() == null ? "" : "\r\n" + now.id() + ": " + run + '-' + name + '-';
        head =
            bytes(
                "GET %s HTTP/1.1\r\nhost: localhost\r\n%sx-caller: %s%s"
                    .formatted(now.path(), now.headers(), name, id));
      }
      context.write(head.retainedDuplicate(), context.voidPromise());
      if (now.id() != null) {
        context.write(bytes(Long.toString(++count)), context.voidPromise());
      }
      context.writeAndFlush(REST.retainedDuplicate(), context.voidPromise());
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
      int head = head(in);
      if (head >= 0 && in.getByte(in.readerIndex() + 9) != '2') {
        fail(in.toString(StandardCharsets.US_ASCII));
      }
      if (head < 0 || in.readableBytes() < head + BODY) {
        return;
      }
      in.skipBytes(head + BODY);
      callers.answered.incrementAndGet();
      if (callers.resting) {
        callers.waiting.add(() -> ask(context));
      } else {
        ask(context);
      }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
      fail(failure.toString());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      fail("a connection was closed");
    }
  }
}
