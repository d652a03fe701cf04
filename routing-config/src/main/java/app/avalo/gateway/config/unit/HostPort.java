package app.avalo.gateway.config.unit;

import org.jspecify.annotations.Nullable;

/**
 * A socket address by name: {@code 0.0.0.0:8080}, {@code [::1]:9090}, {@code chat.internal:80}.
 *
 * @param host name or address, IPv6 without brackets
 * @param port 0 to 65535; 0 lets the system choose (listeners only)
 */
public record HostPort(String host, int port) {
  public HostPort {
    if (host.isEmpty()) {
      throw new IllegalArgumentException("an empty host (expected host:port)");
    }
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException(port + " (expected a port from 0 to 65535)");
    }
  }

  /** {@code host:port} as text, IPv6 in brackets, or null if it is not one. */
  public static @Nullable HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      return null;
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[")) {
      host = host.endsWith("]") ? host.substring(1, host.length() - 1) : "";
      if (host.indexOf(':') < 0 || IpAddress.parse(host) == null) {
        return null;
      }
    } else if (!isName(host)) {
      return null;
    }
    int port = port(text.substring(colon + 1));
    return port < 0 ? null : new HostPort(host, port);
  }

  private static int port(String text) {
    if (text.isEmpty() || text.length() > 5 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    int port = Integer.parseInt(text);
    return port > 65_535 ? -1 : port;
  }

  /** Whether this is an IPv4 address or a host name of letters, digits, hyphens and dots. */
  public static boolean isName(String host) {
    if (host.isEmpty() || host.length() > 253) {
      return false;
    }
    int label = 0;
    boolean digitsOnly = true;
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c == '.') {
        if (label == 0) {
          return false;
        }
        label = 0;
        continue;
      }
      boolean digit = c >= '0' && c <= '9';
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      if (!digit && !letter && c != '-' || ++label > 63) {
        return false;
      }
      digitsOnly &= digit;
    }
    // A name of digits and dots only is read as an address by every resolver.
    return label > 0 && (!digitsOnly || IpAddress.parse(host) != null);
  }

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
