package app.avalo.gateway.edge.intake;

import app.avalo.gateway.config.plan.Plan;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.edge.client.ClientConnection;
import io.netty.util.AsciiString;
import io.vertx.core.MultiMap;
import java.util.List;

/**
 * The client's address: the last hop that is not ours. Read from the right of {@code
 * X-Forwarded-For}, because everything to the left of the first untrusted address is the client's
 * own word.
 */
final class ClientAddress {
  private static final CharSequence FORWARDED_FOR = AsciiString.cached("x-forwarded-for");

  /** Longer chains are not ours. */
  private static final int HOPS = 16;

  private ClientAddress() {}

  static IpAddress of(ClientConnection connection, Plan plan, MultiMap headers) {
    IpAddress address = connection.peer();
    if (!connection.isTrusted(plan)) {
      return address;
    }
    List<String> values = headers.getAll(FORWARDED_FOR);
    int hops = 0;
    for (int i = values.size() - 1; i >= 0; i--) {
      String value = values.get(i);
      int end = value.length();
      while (end >= 0 && hops++ < HOPS) {
        int comma = value.lastIndexOf(',', end - 1);
        IpAddress hop = parse(value.substring(comma + 1, end).trim());
        if (hop == null) {
          return address;
        }
        address = hop;
        if (!plan.trustedHops().contains(hop)) {
          return address;
        }
        end = comma;
      }
    }
    return address;
  }

  private static @org.jspecify.annotations.Nullable IpAddress parse(String text) {
    return text.isEmpty() ? null : IpAddress.parse(text);
  }
}
