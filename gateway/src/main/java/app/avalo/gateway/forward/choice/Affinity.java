package app.avalo.gateway.forward.choice;

import app.avalo.gateway.config.ServiceConfig.Balance;
import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Caller;
import app.avalo.gateway.filter.Exchange;
import org.jspecify.annotations.Nullable;

/**
 * What keeps requests together: a number for who asks, or for what a service says belongs together.
 * The same on every replica, because only what the request says goes into it.
 */
final class Affinity {
  private Affinity() {}

  /** The caller: user, else API key, else address. */
  static long ofCaller(Exchange exchange) {
    Caller caller = exchange.caller();
    String name = caller.user() != null ? caller.user() : caller.apiKey();
    if (name != null) {
      return hash(name);
    }
    IpAddress client = exchange.client();
    return mix(client.high() ^ mix(client.low()));
  }

  /** What the service goes by, or null where the request does not have it. */
  static @Nullable Long of(Exchange exchange, Balance balance) {
    String value =
        switch (balance.by()) {
          case LOAD, CALLER -> null;
          case HEADER -> exchange.header(String.valueOf(balance.name()));
          case COOKIE -> cookie(exchange, String.valueOf(balance.name()));
        };
    return switch (balance.by()) {
      case LOAD -> null;
      case CALLER -> ofCaller(exchange);
      case HEADER, COOKIE -> value == null ? null : (Long) hash(value);
    };
  }

  /** The value of the first cookie of this name (RFC 6265, 4.2.1), or null. */
  private static @Nullable String cookie(Exchange exchange, String name) {
    for (String header : exchange.head().headers().getAll("cookie")) {
      for (int at = 0; at < header.length(); ) {
        int end = header.indexOf(';', at);
        end = end < 0 ? header.length() : end;
        while (at < end && header.charAt(at) == ' ') {
          at++;
        }
        int value = at + name.length() + 1;
        if (value <= end && header.startsWith(name, at) && header.charAt(value - 1) == '=') {
          return header.substring(value, end);
        }
        at = end + 1;
      }
    }
    return null;
  }

  static long hash(String text) {
    long hash = text.length();
    for (int i = 0; i < text.length(); i++) {
      hash = hash * 0x100000001b3L ^ text.charAt(i);
    }
    return mix(hash);
  }

  /** Every bit of the result depends on every bit of the input (Steele et al., SplitMix64). */
  static long mix(long bits) {
    long z = (bits ^ bits >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  /** Of several the highest wins, each as often as its weight says (weighted rendezvous). */
  static double score(long key, double weight) {
    double uniform = ((mix(key) >>> 11) + 0.5) * 0x1p-53;
    return -weight / Math.log(uniform);
  }
}
