package app.avalo.gateway.edge.wire;

import static app.avalo.gateway.testing.RunningGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Awaiting;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.unix.UnixChannel;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.transport.Transport;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A socket that epoll accepted is what it would be if every option of it had been set. */
class AcceptedSocketIT {
  private static final int USER_TIMEOUT_MILLIS = 4321;

  private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
  private Vertx vertx;

  @BeforeEach
  void start() {
    vertx = Vertx.builder().withTransport(Transport.EPOLL).build();
  }

  @AfterEach
  void stop() {
    await(vertx.close());
  }

  private Socket connect(boolean alone) throws IOException {
    HttpServerOptions options =
        new HttpServerOptions()
            .setHost("127.0.0.1")
            .setPort(0)
            .setTcpUserTimeout(USER_TIMEOUT_MILLIS);
    HttpServer server =
        Doorway.server(vertx, options, this::noted, socket -> {}, alone)
            .requestHandler(request -> request.response().end("answered"));
    return new Socket("127.0.0.1", await(server.listen()).actualPort());
  }

  private ChannelHandler noted(ChannelHandler next) {
    @ChannelHandler.Sharable
    class Noting extends ChannelInitializer<Channel> {
      @Override
      protected void initChannel(Channel channel) {
        accepted.add(channel);
        channel.pipeline().addLast(next);
      }
    }

    return new Noting();
  }

  private <T> T option(Channel channel, ChannelOption<T> option) {
    return channel.config().getOption(option);
  }

  @Test
  void what_is_not_set_is_inherited_or_so_by_default() throws Exception {
    try (Socket client = connect(true)) {
      Channel channel = accepted.poll(5, TimeUnit.SECONDS);

      assertThat(option(channel, EpollChannelOption.TCP_USER_TIMEOUT))
          .isEqualTo(USER_TIMEOUT_MILLIS);
      assertThat(option(channel, ChannelOption.TCP_NODELAY)).isTrue();
      assertThat(option(channel, ChannelOption.SO_KEEPALIVE)).isFalse();
      assertThat(option(channel, EpollChannelOption.TCP_CORK)).isFalse();
      assertThat(option(channel, ChannelOption.SO_LINGER)).isEqualTo(-1);
      assertThat(client.isConnected()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void it_is_read_answered_and_closed_whichever_loop_accepts(boolean alone) throws Exception {
    try (Socket client = connect(alone)) {
      client
          .getOutputStream()
          .write(
              "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));

      String answer = new String(client.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);

      assertThat(answer).startsWith("HTTP/1.1 200 ").endsWith("answered");
      Channel channel = accepted.poll(5, TimeUnit.SECONDS);
      assertThat(channel.closeFuture().await(5, TimeUnit.SECONDS)).isTrue();
      assertThat(((UnixChannel) channel).fd().isOpen()).isFalse();
      Awaiting.until(() -> !channel.isRegistered());
    }
  }
}
