package app.avalo.gateway.filter;

import io.netty.buffer.ByteBuf;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/** The head of an answer on its way to the client; filters may edit its headers. */
public sealed interface Reply {
  int status();

  /** Headers to the client, mutable until they are written. */
  MultiMap headers();

  /** Where field lines go that nobody else looks at. */
  interface Lines {
    /** Has lines written behind the headers, should the head be written. */
    void add(Writer lines, Exchange exchange);

    /** Writes lines to a head. */
    interface Writer {
      /**
       * Writes whole lines, each with its CRLF, of well-formed fields that the headers do not have.
       */
      void write(Exchange exchange, ByteBuf head);
    }
  }

  /**
   * Streamed from an upstream.
   *
   * @param status of the upstream
   * @param headers of the upstream without the hop-by-hop ones
   * @param lines to the client, or null if all has to be in the headers, as for HTTP/2
   */
  record Proxied(int status, MultiMap headers, @Nullable Lines lines) implements Reply {
    /** One whose fields are all in its headers. */
    public Proxied(int status, MultiMap headers) {
      this(status, headers, null);
    }
  }

  /**
   * Made by the gateway.
   *
   * @param status HTTP status
   * @param headers content type included, length not
   * @param body whole body, maybe empty
   * @param error why, or null for a redirect, a fixed answer or a preflight
   */
  record Local(int status, MultiMap headers, Buffer body, @Nullable GatewayError error)
      implements Reply {

    /** A bodiless answer. */
    public static Local empty(int status) {
      return new Local(status, HttpHeaders.headers(), Buffer.buffer(), null);
    }

    /** The problem that the error describes; body and headers are made when it is written. */
    public static Local of(GatewayError error) {
      return new Local(error.kind().status(), HttpHeaders.headers(), Buffer.buffer(), error);
    }
  }
}
