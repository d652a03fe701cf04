package app.avalo.gateway.websocket;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The channels that are open on one WebSocket, as far as its sub-protocol shows them: subscriptions
 * of STOMP and of the two GraphQL protocols. A long message of the client that does not say in its
 * first bytes what it is counts as one more channel, which nothing closes: clients that begin with
 * a long payload would be free of the ceiling otherwise. One that is too long to be read whole
 * closes nothing. Compressed messages count as nothing, so compression is not offered to services
 * with a ceiling.
 */
final class Channels {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int LONGEST_ID = 100;

  /** No id of a client: STOMP and JSON both end a name before it. */
  private static final String UNNAMED = "\0";

  /** What one message does to a channel. */
  private enum Verb {
    OPEN,
    CLOSE,
    OTHER
  }

  private final boolean stomp;
  private final int most;
  private final Set<String> open = new HashSet<>();
  private int unnamed;
  private boolean full;
  private @Nullable Verb verb; // of the message that is read, as far as it can be seen
  private @Nullable String name; // of its channel, likewise

  private Channels(boolean stomp, int most) {
    this.stomp = stomp;
    this.most = most;
  }

  /**
   * Those of a WebSocket.
   *
   * @param protocol that service and client agreed on, or null
   * @param extensions that they agreed on, or null; then messages cannot be read
   * @param most that may be open; 0 for any number
   * @return null where none are to be counted or none can be seen
   */
  static @Nullable Channels of(@Nullable String protocol, @Nullable String extensions, int most) {
    if (most == 0 || protocol == null || extensions != null) {
      return null;
    }
    return switch (protocol) {
      case "v10.stomp", "v11.stomp", "v12.stomp" -> new Channels(true, most);
      case "graphql-transport-ws", "graphql-ws" -> new Channels(false, most);
      default -> null;
    };
  }

  /**
   * The first bytes of a message of the client.
   *
   * @param whole whether they are all of it
   */
  void asked(byte[] bytes, int length, boolean whole) {
    read(bytes, length);
    if (whole) {
      change(verb, name);
    } else if (verb == null || verb == Verb.OPEN) {
      change(Verb.OPEN, name == null ? UNNAMED + unnamed++ : name);
    }
  }

  /** The first bytes of a message of the service, which opens nothing. */
  void answered(byte[] bytes, int length) {
    read(bytes, length);
    if (verb == Verb.CLOSE) {
      change(verb, name);
    }
  }

  private void read(byte[] bytes, int length) {
    verb = null;
    name = null;
    if (stomp) {
      stomp(new String(bytes, 0, length, StandardCharsets.UTF_8));
    } else {
      graphql(bytes, length);
    }
  }

  /** Whether more were opened than may be. */
  boolean isFull() {
    return full;
  }

  private void stomp(String all) {
    String text = all.stripLeading(); // frames may be preceded by ends of lines
    int line = text.indexOf('\n');
    if (line < 0) {
      return;
    }
    verb =
        switch (text.substring(0, line).strip()) {
          case "SUBSCRIBE" -> Verb.OPEN;
          case "UNSUBSCRIBE" -> Verb.CLOSE;
          default -> Verb.OTHER;
        };
    // STOMP 1.0 needs no id; then the destination is the name.
    String id = field(text, "\nid:");
    name = id == null ? field(text, "\ndestination:") : id;
  }

  private static @Nullable String field(String text, String name) {
    int at = text.indexOf(name);
    if (at < 0) {
      return null;
    }
    int end = text.indexOf('\n', at + name.length());
    return text.substring(at + name.length(), end < 0 ? text.length() : end).strip();
  }

  private void graphql(byte[] bytes, int length) {
    try (JsonParser parser = JSON.createParser(bytes, 0, length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        parser.nextToken();
        if (field.equals("id")) {
          name = parser.getValueAsString();
        } else if (field.equals("type") && verb != Verb.OPEN) { // the last of several may count
          verb = verb(parser.getValueAsString(""));
        } else {
          parser.skipChildren();
        }
      }
    } catch (IOException cutOffOrNoJson) {
      // What was read before counts.
    }
  }

  private static Verb verb(String type) {
    return switch (type) {
      case "subscribe", "start" -> Verb.OPEN;
      case "complete", "stop", "error" -> Verb.CLOSE;
      default -> Verb.OTHER;
    };
  }

  private void change(@Nullable Verb how, @Nullable String channel) {
    if (how == null || how == Verb.OTHER) {
      return;
    }
    String id = channel == null ? "" : channel.substring(0, Math.min(channel.length(), LONGEST_ID));
    if (how == Verb.CLOSE) {
      open.remove(id);
    } else if (open.size() < most) {
      open.add(id);
    } else {
      full |= !open.contains(id);
    }
  }
}
