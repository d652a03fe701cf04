package app.avalo.gateway.edge.client;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.Wire;
import io.netty.channel.Channel;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetServer;
import io.vertx.core.transport.Transport;
import org.junit.jupiter.api.Test;

/** What each transport says of a connection over loopback. */
class RoundTripIT {
  private static int micros(Transport transport, int known) {
    Vertx vertx = Vertx.builder().withTransport(transport).build();
    try {
      Promise<Channel> accepted = Promise.promise();
      NetServer server =
          vertx
              .createNetServer()
              .connectHandler(
                  socket ->
                      accepted.complete(
                          ((NetSocketInternal) socket).channelHandlerContext().channel()));
      int port = RunningGateway.await(server.listen(0, "127.0.0.1")).actualPort();
      try (Wire wire = new Wire(port)) {
        wire.send("x");
        return RoundTrip.least(known, RunningGateway.await(accepted.future()));
      }
    } finally {
      RunningGateway.await(vertx.close());
    }
  }

  @Test
  void epoll_and_io_uring_tell_the_round_trip() {
    assertThat(micros(Transport.EPOLL, 0)).isBetween(1, 1_000_000);
    assertThat(micros(Transport.IO_URING, 0)).isBetween(1, 1_000_000);
  }

  @Test
  void the_least_counts() {
    assertThat(micros(Transport.EPOLL, Integer.MAX_VALUE)).isLessThan(1_000_000);
    assertThat(micros(Transport.EPOLL, 1)).isEqualTo(1);
  }

  @Test
  void nio_tells_nothing() {
    assertThat(micros(Transport.NIO, 0)).isZero();
    assertThat(micros(Transport.NIO, 7)).isEqualTo(7);
  }
}
