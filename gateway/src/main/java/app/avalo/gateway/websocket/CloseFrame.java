package app.avalo.gateway.websocket;

import io.vertx.core.buffer.Buffer;

/** Close frames that the gateway puts into a tunnel (RFC 6455, 7.4). */
enum CloseFrame {
  /** The peer must not go on like this. */
  POLICY(1008),
  /** Come back, to another region or another gateway. */
  RESTART(1012);

  private final int code;

  CloseFrame(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  /** As a server sends it: without a mask. */
  Buffer toClient() {
    return Buffer.buffer(new byte[] {(byte) 0x88, 2, (byte) (code >> 8), (byte) code});
  }

  /** As a client sends it: masked, with a mask of zeros. */
  Buffer toServer() {
    byte[] frame = {(byte) 0x88, (byte) 0x82, 0, 0, 0, 0, (byte) (code >> 8), (byte) code};
    return Buffer.buffer(frame);
  }
}
