package app.avalo.gateway.websocket;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * The first bytes of each message of one direction, unmasked: enough to see what a message is for.
 * Told once per message, when there are enough bytes or the message ends.
 */
final class MessageStart {
  private static final int BYTES = 512;

  private final byte[] bytes = new byte[BYTES];
  private final Channels reader;
  private int length;
  private boolean told;

  private MessageStart(Channels reader) {
    this.reader = reader;
  }

  /** One that tells these channels, or null without any. */
  static @Nullable MessageStart of(@Nullable Channels reader) {
    return reader == null ? null : new MessageStart(reader);
  }

  /** Another message begins. */
  void begins() {
    length = 0;
    told = false;
  }

  /**
   * Some of its payload.
   *
   * @param mask the four bytes of its frame's key, or 0
   * @param offset of the first byte in its frame
   */
  void payload(Buffer from, int at, int count, int mask, long offset) {
    int taken = Math.min(count, BYTES - length);
    for (int i = 0; i < taken; i++) {
      int key = mask >>> (3 - (int) ((offset + i) & 3)) * 8;
      bytes[length++] = (byte) (from.getByte(at + i) ^ key);
    }
    if (length == BYTES) {
      tell();
    }
  }

  /** The message is complete. */
  void ends() {
    tell();
  }

  private void tell() {
    if (!told) {
      told = true;
      reader.message(bytes, length);
    }
  }
}
