package app.avalo.gateway.websocket;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/** Close frames that the gateway puts into a tunnel (RFC 6455, 7.4). */
enum CloseFrame {
  /** The peer must not go on like this. */
  POLICY(1008, ""),
  /** Nobody pays for more. */
  SPENT(1008, "budget"),
  /** Come back, to another region or another gateway. */
  RESTART(1012, "");

  private static final byte OPCODE = (byte) 0x88;
  private static final int MASKED = 0x80;
  private static final byte[] MASK = new byte[4];

  private final int code;
  private final byte[] reason;

  CloseFrame(int code, String reason) {
    this.code = code;
    this.reason = reason.getBytes(StandardCharsets.US_ASCII);
  }

  int code() {
    return code;
  }

  /** As a server sends it: without a mask. */
  Buffer toClient() {
    return payload(Buffer.buffer().appendByte(OPCODE).appendByte((byte) length()));
  }

  /** As a client sends it: masked, with a mask of zeros. */
  Buffer toServer() {
    return payload(
        Buffer.buffer()
            .appendByte(OPCODE)
            .appendByte((byte) (MASKED | length()))
            .appendBytes(MASK));
  }

  private int length() {
    return 2 + reason.length;
  }

  private Buffer payload(Buffer frame) {
    return frame.appendUnsignedShort(code).appendBytes(reason);
  }
}
