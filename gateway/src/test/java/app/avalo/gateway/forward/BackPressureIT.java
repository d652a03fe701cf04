package app.avalo.gateway.forward;

import static app.avalo.gateway.testing.RunningGateway.await;
import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.testing.Acceptor;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.RunningGateway;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One side is faster than the other. What the gateway holds in between is bounded, however much is
 * on its way: the fast side is stopped, which is seen by counting what it could get rid of.
 *
 * <p>Nothing here waits for a time to pass: the slow side begins only when the fast side has moved
 * more than the buffers of the kernel could explain, or is seen to stand still.
 */
class BackPressureIT {
  private static final long TOTAL = 192L << 20;

  /** Buffers of four sockets, the windows of HTTP/2 and the gateway's own queues. */
  private static final long BOUND = 64L << 20;

  private static final int CHUNK = 64 * 1024;

  private Source upstream;
  private RunningGateway gateway;

  @BeforeEach
  void start() {
    upstream = new Source();
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners: [{name: plain, address: "127.0.0.1:0", http2: true}]
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            services:
              bulk:
                regions: {eu: "http://127.0.0.1:%d"}
                timeouts: {attempt: 60s, idle: 60s, total: 120s}
            routes:
              - {name: bulk, match: {path: {prefix: /}}, service: bulk, bodyLimit: 1GiB}
            """
                .formatted(upstream.port()));
  }

  @AfterEach
  void stop() {
    gateway.close();
    upstream.close();
  }

  private HttpClientRequest open(HttpVersion version, HttpMethod method, String uri) {
    return gateway.open(new HttpClientOptions().setProtocolVersion(version), method, uri);
  }

  @ParameterizedTest
  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  void a_client_that_reads_nothing_stops_the_upstream_and_then_gets_every_byte(
      HttpVersion version) {
    AtomicLong received = new AtomicLong();
    HttpClientResponse answer =
        await(
            open(version, HttpMethod.GET, "/download")
                .send()
                .map(
                    head -> {
                      head.handler(bytes -> received.addAndGet(bytes.length()));
                      head.pause();
                      return head;
                    }));

    long stood = Stillness.of(upstream.sent);
    assertThat(stood).isPositive().isLessThan(BOUND);

    answer.resume();
    Awaiting.until(() -> received.get() > stood + BOUND);
    assertThat(upstream.sent.get() - received.get()).isLessThan(BOUND);
    await(answer.end());
    assertThat(received.get()).isEqualTo(TOTAL);
  }

  @ParameterizedTest
  @EnumSource(
      value = HttpVersion.class,
      names = {"HTTP_1_1", "HTTP_2"})
  void an_upstream_that_reads_nothing_stops_the_client(HttpVersion version) {
    HttpClientRequest upload = open(version, HttpMethod.POST, "/upload");
    upload.putHeader("content-length", Long.toString(TOTAL));
    AtomicLong written = new AtomicLong();
    upload.drainHandler(drained -> fill(upload, written));
    fill(upload, written);

    long stood = Stillness.of(written);
    assertThat(stood).isPositive().isLessThan(BOUND);

    upstream.read.countDown();
    assertThat(await(upload.response()).statusCode()).isEqualTo(200);
    assertThat(upstream.received.get()).isEqualTo(TOTAL);
  }

  private static void fill(HttpClientRequest upload, AtomicLong written) {
    while (written.get() < TOTAL && !upload.writeQueueFull()) {
      if (written.addAndGet(CHUNK) < TOTAL) {
        upload.write(Buffer.buffer(new byte[CHUNK]));
      } else {
        upload.drainHandler(null);
        upload.end(Buffer.buffer(new byte[CHUNK]));
      }
    }
  }

  /** The value of a counter that nothing moves any more. */
  private static final class Stillness {
    /** As many looks without a change as make it sure that the counter stands. */
    private static final int LOOKS = 150;

    private long last;
    private int same;

    static long of(AtomicLong counter) {
      Stillness stillness = new Stillness();
      Awaiting.until(() -> stillness.look(counter.get()));
      return counter.get();
    }

    private boolean look(long now) {
      same = now == last && now > 0 ? same + 1 : 0;
      last = now;
      return same >= LOOKS || now >= TOTAL;
    }
  }

  /** A service on a plain socket that counts what it got rid of, and reads when it is told to. */
  private static final class Source implements AutoCloseable {
    final AtomicLong sent = new AtomicLong();
    final AtomicLong received = new AtomicLong();
    final CountDownLatch read = new CountDownLatch(1);
    private final Acceptor acceptor = new Acceptor(this::serve);

    int port() {
      return acceptor.port();
    }

    private void serve(Socket socket) throws IOException {
      InputStream in = socket.getInputStream();
      String head = head(in);
      if (head.startsWith("POST")) {
        awaitReading();
        byte[] buffer = new byte[CHUNK];
        while (received.get() < TOTAL) {
          received.addAndGet(Math.max(0, in.read(buffer)));
        }
        write(socket.getOutputStream(), 0);
      } else {
        write(socket.getOutputStream(), head.startsWith("GET /download") ? TOTAL : 0);
      }
    }

    private void awaitReading() throws IOException {
      try {
        read.await();
      } catch (InterruptedException interrupted) {
        throw new IOException(interrupted);
      }
    }

    private static String head(InputStream in) throws IOException {
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int next = in.read();
        if (next < 0) {
          throw new IOException("closed");
        }
        head.append((char) next);
      }
      return head.toString();
    }

    private void write(OutputStream out, long total) throws IOException {
      String head = "HTTP/1.1 200 OK\r\nContent-Length: " + total + "\r\n";
      out.write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      byte[] chunk = new byte[CHUNK];
      for (long left = total; left > 0; left -= CHUNK) {
        out.write(chunk);
        sent.addAndGet(CHUNK);
      }
    }

    @Override
    public void close() {
      acceptor.close();
      read.countDown();
    }
  }
}
