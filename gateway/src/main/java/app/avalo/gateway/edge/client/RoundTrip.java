package app.avalo.gateway.edge.client;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;

/**
 * The round trip of a connection, as the kernel has smoothed it from what the peer acknowledged
 * (TCP_INFO). Epoll and io_uring tell; NIO does not.
 */
final class RoundTrip {
  /**
   * So often it is read, as the first requests begin, and the least counts: the handshake is the
   * purest sample, later ones hold acknowledgements that a client put off.
   */
  static final int READINGS = 4;

  private RoundTrip() {}

  /**
   * The lesser of what was known and what is known now, in microseconds; 0 stands for unknown.
   *
   * @param known so far
   */
  static int least(int known, Channel channel) {
    long now = Math.min(smoothedMicros(channel), Integer.MAX_VALUE);
    return now > 0 && (known == 0 || now < known) ? (int) now : known;
  }

  private static long smoothedMicros(Channel channel) {
    try {
      if (channel instanceof EpollSocketChannel epoll) {
        return epoll.tcpInfo().rtt();
      }
      return channel instanceof IoUringSocketChannel uring ? uring.tcpInfo().rtt() : 0;
    } catch (ChannelException closedMeanwhile) {
      return 0;
    }
  }
}
