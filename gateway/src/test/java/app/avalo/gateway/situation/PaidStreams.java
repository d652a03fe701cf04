package app.avalo.gateway.situation;

import app.avalo.gateway.filter.budget.view.BudgetView;
import app.avalo.gateway.testing.Awaiting;
import app.avalo.gateway.testing.GrpcMethods;
import app.avalo.gateway.testing.RunningGateway;
import app.avalo.gateway.testing.ScriptedUpstream;
import app.avalo.gateway.testing.ScriptedUpstream.Connection;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;

/** A gateway whose answers, bodies and WebSockets are paid as they flow. */
abstract class PaidStreams {
  static final long SLICE = 1_000;
  static final long AMOUNT = 10_000; // micro-units; 10 KiB cost a slice

  /** What was read from a service at once and cannot be paid as a whole is thrown away. */
  static final long LEAST = AMOUNT / 4;

  static final String HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: ";
  static final String GET = " HTTP/1.1\r\nHost: a\r\n\r\n";
  static final String UPLOAD =
      "POST /uploads HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  static final String KIBIBYTE = "400\r\n" + "z".repeat(1_024) + "\r\n";
  static final String EVENT = "data: " + "x".repeat(90) + "\n\n";

  static final String FRAME = "\u0082\u005a" + "y".repeat(90);
  static final String SPENT = "\u0088\u0008\u0003\u00f0budget"; // a close frame
  static final String UPGRADE =
      "GET /bytes HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  static final String SWITCHING =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

  /** A frame of a client, 4,096 bytes long. */
  static final String MASKED = "\u0082\u00fe\u000f\u00f8\0\0\0\0" + "z".repeat(4_088);

  ScriptedUpstream upstream;
  Server calls;
  RunningGateway gateway;

  void start(String state, long amount) throws IOException {
    upstream = new ScriptedUpstream();
    calls =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(new GrpcMethods().service())
            .build()
            .start();
    gateway =
        RunningGateway.startExactly(
            """
            name: test
            listeners: [{name: plain, address: "127.0.0.1:0", http2: true}]
            admin: {address: "127.0.0.1:0"}
            accessLog: {to: "off"}
            state: %3$s
            regions:
              eu: {index: 0, place: Berlin, latitude: 52.5, longitude: 13.4}
            budgets:
              bytes:
                amount: %4$s PLN
                services: [bytes]
                cost: {perKibibyteOut: 0.0001 PLN, slice: 0.001 PLN}
              seconds:
                amount: 0.010 PLN
                services: [seconds]
                cost: {perSecond: 0.004 PLN, slice: 0.001 PLN} # of 250 ms
              calls:
                amount: 0.010 PLN
                services: [calls]
                cost: {perKibibyteOut: 0.0001 PLN, slice: 0.001 PLN}
              uploads:
                amount: 0.010 PLN
                services: [uploads]
                cost: {perKibibyteIn: 0.0001 PLN, slice: 0.001 PLN}
            services:
              uploads: {regions: {eu: ["http://127.0.0.1:%1$d"]}}
              bytes: {regions: {eu: ["http://127.0.0.1:%1$d"]}}
              seconds: {regions: {eu: ["http://127.0.0.1:%1$d"]}}
              calls:
                protocol: http2
                regions: {eu: ["http://127.0.0.1:%2$d"]}
                health: {statuses: 200-499}
            routes:
              - {name: bytes, match: {path: {prefix: /bytes}}, service: bytes}
              - {name: seconds, match: {path: {prefix: /seconds}}, service: seconds}
              - {name: uploads, match: {path: {prefix: /uploads}}, service: uploads}
              - {name: calls, match: {path: {prefix: /test.Text}}, service: calls}
            """
                .formatted(upstream.port(), calls.getPort(), state, BigDecimal.valueOf(amount, 6)));
  }

  @AfterEach
  void stop() {
    gateway.close();
    upstream.close();
    calls.shutdownNow();
  }

  static void chunk(Connection to, String text) throws IOException {
    to.send(Integer.toHexString(text.length()) + "\r\n" + text + "\r\n");
  }

  /** An endless stream in pieces that end anywhere. */
  static void pour(Connection to, String type, String text) throws IOException {
    to.send(HEAD + type + "\r\n\r\n");
    for (int at = 0; ; at = (at + 70) % text.length()) {
      chunk(to, (text + text).substring(at, at + 70));
    }
  }

  /** An endless row of frames, likewise. */
  static void pourFrames(Connection to) throws IOException {
    to.send(SWITCHING);
    for (int at = 0; ; at = (at + 71) % FRAME.length()) {
      to.send((FRAME + FRAME).substring(at, at + 71));
    }
  }

  BudgetView budget(int index) {
    Awaiting.until(() -> gateway.gateway().inFlight() == 0);
    return gateway.gateway().shared().ledger().view(gateway.gateway().plan()).get(index);
  }

  static String unchunked(String body) {
    StringBuilder text = new StringBuilder();
    Matcher chunk = Pattern.compile("([0-9a-f]+)\r\n").matcher(body);
    int at = 0;
    while (chunk.find(at)) {
      int size = Integer.parseInt(chunk.group(1), 16);
      text.append(body, chunk.end(), chunk.end() + size);
      at = chunk.end() + size + 2;
    }
    return text.toString();
  }
}
