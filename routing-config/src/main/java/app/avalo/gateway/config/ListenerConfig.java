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
 * @param proxyProtocol whether a PROXY header may say where the client is; default {@link
 *     ProxyProtocol#OFF}
 * @param bounds what one client may ask of this port
 */
public record ListenerConfig(
    String name,
    HostPort address,
    boolean http2,
    @Nullable Tls tls,
    ProxyProtocol proxyProtocol,
    Bounds bounds) {

  /** Whether connections begin with a PROXY header, which only trusted hops may send. */
  public enum ProxyProtocol {
    OFF,
    /** Trusted hops may send one; everybody else is served as they come. */
    ACCEPT,
    /** Everybody must be a trusted hop and send one. */
    REQUIRE
  }

  /**
   * TLS on a listener. Files are read again when they change.
   *
   * @param certificates the first is the answer to a client that sends no server name
   * @param minVersion {@code TLSv1.2} (default) or {@code TLSv1.3}
   * @param handshakeTimeout from the opened connection to the end of its handshake; default 10 s
   * @param clientAuth whether clients show a certificate; default {@link ClientAuth#NONE}
   * @param clientCa PEM file of the authorities that sign theirs; null only with {@code NONE}
   * @param forwardClientCert whether services see it in {@code Client-Cert} (RFC 9440); default
   *     false
   */
  public record Tls(
      List<KeyPair> certificates,
      String minVersion,
      Duration handshakeTimeout,
      ClientAuth clientAuth,
      @Nullable Path clientCa,
      boolean forwardClientCert) {}

  /** Whether clients show a certificate; one that is shown must be good. */
  public enum ClientAuth {
    NONE,
    /** Those without one are served too. */
    REQUEST,
    REQUIRE
  }

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
   * @param head of a request
   * @param connections how many, and how long
   * @param http2 what an HTTP/2 connection may ask beyond requests
   * @param body how fast request bodies arrive; default 1 KiB a second in each 60 s
   * @param answer how fast answers are taken; default 1 KiB a second in each 60 s
   */
  public record Bounds(
      Head head, Connections connections, Http2 http2, MinRate body, MinRate answer) {}

  /**
   * Ceilings for the head of one request.
   *
   * @param bytes all header lines together; default 16 KiB, over it 431
   * @param count header lines; default 128, over it 431
   * @param uriBytes the request line; default 8 KiB, over it 414
   * @param timeout from the first byte of a head to its end; default 10 s
   * @param encodedSlash what {@code %2F} in a path is; default {@link EncodedSlash#REJECT}
   */
  public record Head(
      int bytes, int count, int uriBytes, Duration timeout, EncodedSlash encodedSlash) {}

  /** What becomes of an encoded slash in a path, which some services decode and others do not. */
  public enum EncodedSlash {
    /** 400. */
    REJECT,
    /** Stays encoded and divides nothing: routes and services see {@code %2F}. */
    KEEP,
    /** Becomes a slash before anything is matched; the service sees it decoded. */
    DECODE
  }

  /**
   * Ceilings for connections.
   *
   * @param open at once; default 100,000
   * @param perAddress of one client address, trusted hops excepted; default 1,000
   * @param requests on one connection, then it is closed in an orderly way; default 100,000
   * @param idle without a byte either way, or without a request over HTTP/2; default 75 s
   * @param tcpUserTimeout data that a client's kernel does not take for so long ends the
   *     connection; default 60 s
   */
  public record Connections(
      int open, int perAddress, int requests, Duration idle, Duration tcpUserTimeout) {}

  /**
   * The least that a client moves while it is waited for.
   *
   * @param window time of waiting over which it is measured
   * @param bytesPerSecond on average over that time
   */
  public record MinRate(Duration window, long bytesPerSecond) {}

  /**
   * Ceilings for one HTTP/2 connection.
   *
   * @param streams at once; default 100
   * @param resets of streams by the client within 30 s; default 200
   * @param controlFrames that carry no request and no body, within 10 s; default 1,000
   */
  public record Http2(int streams, int resets, int controlFrames) {}
}
