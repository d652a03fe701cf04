package app.avalo.gateway.websocket;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * Follows the frames of one direction of a WebSocket (RFC 6455, 5.2) without touching them: counts
 * messages and knows where a frame ends, so that a close frame can be put in between. As a message
 * counts also a frame in the midst of one that carries next to nothing, or a message could be made
 * of any number of them.
 */
final class FrameScanner {
  private static final int CONTINUATION = 0;
  private static final int TEXT = 1;
  private static final int BINARY = 2;
  private static final int CLOSE = 8;

  /** Who splits a large message sends more than this at a time, but for its end. */
  private static final int FRAGMENT = 1024;

  private final @Nullable MessageStart start;
  private long payloadLeft;
  private long payloadAt;
  private int headerLeft = 2;
  private int headerAt;
  private long lengthBits;
  private int extended;
  private boolean masked;
  private int mask;
  private boolean last; // frame of its message
  private boolean control;
  private boolean fragment; // in the midst of its message
  private int controls; // that began in what was read last
  private boolean closing;

  FrameScanner() {
    this(null);
  }

  /** One that shows the first bytes of each message. */
  FrameScanner(@Nullable MessageStart start) {
    this.start = start;
  }

  /** Reads the next bytes; returns how many messages begin in them. */
  int scan(Buffer bytes) {
    controls = 0;
    int messages = 0;
    int at = 0;
    int end = bytes.length();
    while (at < end) {
      if (headerLeft == 0) {
        long skipped = Math.min(payloadLeft, end - at);
        if (start != null && !control) {
          start.payload(bytes, at, (int) skipped, masked ? mask : 0, payloadAt);
        }
        payloadLeft -= skipped;
        payloadAt += skipped;
        at += (int) skipped;
        if (payloadLeft == 0) {
          ends();
        }
        continue;
      }
      messages += header(bytes.getByte(at++) & 0xff);
    }
    return messages;
  }

  /** Reads as far as the end of the frame under way; returns how many bytes that are. */
  int scanToBoundary(Buffer bytes) {
    int at = 0;
    while (at < bytes.length() && !isAtBoundary()) {
      int step = headerLeft > 0 ? 1 : (int) Math.min(payloadLeft, bytes.length() - at);
      scan(bytes.slice(at, at + step));
      at += step;
    }
    return at;
  }

  private void ends() {
    headerLeft = 2;
    headerAt = 0;
    if (start != null && last && !control) {
      start.ends();
    }
  }

  private int header(int value) {
    int started = 0;
    headerLeft--;
    if (headerAt == 0) {
      int opcode = value & 0x0f;
      started = opcode == TEXT || opcode == BINARY ? 1 : 0;
      control = opcode >= CLOSE;
      controls += control && (opcode != CLOSE || closing) ? 1 : 0;
      closing |= opcode == CLOSE;
      last = (value & 0x80) != 0;
      fragment = opcode == CONTINUATION && !last;
      if (started > 0 && start != null) {
        start.begins();
      }
    } else if (headerAt == 1) {
      masked = (value & 0x80) != 0;
      int length = value & 0x7f;
      extended = length == 127 ? 8 : length == 126 ? 2 : 0;
      lengthBits = extended == 0 ? length : 0;
      headerLeft = extended + (masked ? 4 : 0);
    } else if (headerAt < 2 + extended) {
      lengthBits = lengthBits << 8 | value;
    } else {
      mask = mask << 8 | value;
    }
    headerAt++;
    if (headerLeft == 0) {
      payloadLeft = Math.max(0, lengthBits);
      started += fragment && payloadLeft < FRAGMENT ? 1 : 0;
      payloadAt = 0;
      if (payloadLeft == 0) {
        ends();
      }
    }
    return started;
  }

  /** Control frames that began in what was read last, but for the one that closes. */
  int controls() {
    return controls;
  }

  /** Whether the bytes so far end with a whole frame. */
  boolean isAtBoundary() {
    return headerAt == 0;
  }

  /** Whether a close frame has been seen; nothing may follow it. */
  boolean isClosing() {
    return closing;
  }
}
