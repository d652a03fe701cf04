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
  private final boolean fromClient;
  private int length;
  private boolean told;

  private MessageStart(Channels reader, boolean fromClient) {
    this.reader = reader;
    this.fromClient = fromClient;
  }

  /** One that tells these channels what their client says, or null without any. */
  static @Nullable MessageStart ofClient(@Nullable Channels reader) {
    return reader == null ? null : new MessageStart(reader, true);
  }

  /** Likewise what their service says. */
  static @Nullable MessageStart ofService(@Nullable Channels reader) {
    return reader == null ? null : new MessageStart(reader, false);
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
      tell(false);
    }
  }

  /** The message is complete. */
  void ends() {
    tell(true);
  }

  private void tell(boolean whole) {
    if (told) {
      return;
    }
    told = true;
    if (fromClient) {
      reader.asked(bytes, length, whole);
    } else {
      reader.answered(bytes, length);
    }
  }
}
