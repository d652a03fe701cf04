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
 * of STOMP and of the two GraphQL protocols. Messages that are compressed or do not say what they
 * are in their first bytes count as nothing.
 */
final class Channels {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int LONGEST_ID = 100;

  /** What one message does to a channel. */
  private enum Verb {
    OPEN,
    CLOSE,
    OTHER
  }

  private final boolean stomp;
  private final int most;
  private final Set<String> open = new HashSet<>();
  private boolean full;

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

  /** The first bytes of a message from either side. */
  void message(byte[] bytes, int length) {
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

  private void stomp(String text) {
    int line = text.indexOf('\n');
    String command = line < 0 ? text : text.substring(0, line).strip();
    Verb verb =
        switch (command) {
          case "SUBSCRIBE" -> Verb.OPEN;
          case "UNSUBSCRIBE" -> Verb.CLOSE;
          default -> Verb.OTHER;
        };
    if (verb != Verb.OTHER) {
      // STOMP 1.0 needs no id; then the destination is the name.
      String id = field(text, "\nid:");
      change(verb, id == null ? field(text, "\ndestination:") : id);
    }
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
    String id = null;
    Verb verb = null;
    try (JsonParser parser = JSON.createParser(bytes, 0, length)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return;
      }
      while ((id == null || verb == null) && parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals("id")) {
          id = parser.getValueAsString();
        } else if (name.equals("type")) {
          verb = verb(parser.getValueAsString(""));
        } else {
          parser.skipChildren();
        }
      }
    } catch (IOException cutOffOrNoJson) {
      // What was read before counts.
    }
    if (verb != null && verb != Verb.OTHER) {
      change(verb, id);
    }
  }

  private static Verb verb(String type) {
    return switch (type) {
      case "subscribe", "start" -> Verb.OPEN;
      case "complete", "stop", "error" -> Verb.CLOSE;
      default -> Verb.OTHER;
    };
  }

  private void change(Verb verb, @Nullable String name) {
    String id = name == null ? "" : name.substring(0, Math.min(name.length(), LONGEST_ID));
    if (verb == Verb.CLOSE) {
      open.remove(id);
    } else if (open.size() < most) {
      open.add(id);
    } else {
      full |= !open.contains(id);
    }
  }
}
