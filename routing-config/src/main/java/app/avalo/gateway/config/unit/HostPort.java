package app.avalo.gateway.config.unit;

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

  @Override
  public String toString() {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }
}
