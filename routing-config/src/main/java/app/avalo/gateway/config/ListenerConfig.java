package app.avalo.gateway.config;

import app.avalo.gateway.config.unit.HostPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A port on which clients connect.
 *
 * @param name used in logs and metrics
 * @param address where it binds
 * @param http2 HTTP/2: by ALPN with TLS, by prior knowledge without; default true with TLS, false
 *     without
 * @param tls certificates, or null for plain HTTP
 * @param bounds what one client may ask of this port
 */
public record ListenerConfig(
    String name, HostPort address, boolean http2, @Nullable Tls tls, Bounds bounds) {

  /**
   * TLS on a listener. Files are read again when they change.
   *
   * @param certificates the first is the answer to a client that sends no server name
   * @param minVersion {@code TLSv1.2} (default) or {@code TLSv1.3}
   */
  public record Tls(List<KeyPair> certificates, String minVersion) {}

  /**
   * A certificate chain and its private key, both PEM.
   *
   * @param certificate leaf first
   * @param key PKCS 8
   */
  public record KeyPair(Path certificate, Path key) {}

  /**
   * Ceilings per listener; what is over one is refused before it costs memory.
   *
   * @param headerBytes all request header lines of one request; default 16 KiB, over it 431
   * @param uriBytes the request line; default 8 KiB, over it 414
   * @param headerTimeout from the first byte of a connection to the end of its request head;
   *     default 10 s
   * @param idleTimeout without a byte either way, then the connection is closed; default 75 s
   * @param connections open at once; default 100,000
   * @param streams concurrent HTTP/2 streams of one connection; default 100
   */
  public record Bounds(
      int headerBytes,
      int uriBytes,
      Duration headerTimeout,
      Duration idleTimeout,
      int connections,
      int streams) {}
}
