package app.avalo.gateway.testing;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/1.1 request read from a socket; the body is counted, not kept.
 *
 * @param target as in the request line
 * @param headers values by lower-case name
 * @param bodyBytes length of the decoded body
 */
record RawRequest(String method, String target, Map<String, List<String>> headers, long bodyBytes) {
  private static final int LONGEST_LINE = 65_536;

  /** Reads one request, or null at a clean end of the connection. */
  static @Nullable RawRequest read(InputStream in, OutputStream out) throws IOException {
    String line = line(in);
    if (line == null) {
      return null;
    }
    String[] words = line.split(" ", 3);
    if (words.length < 3) {
      throw new IOException("not a request line: " + line);
    }
    Map<String, List<String>> headers = new TreeMap<>();
    for (String header = line(in); header != null && !header.isEmpty(); header = line(in)) {
      int colon = header.indexOf(':');
      String name = header.substring(0, Math.max(0, colon)).toLowerCase(Locale.ROOT);
      headers
          .computeIfAbsent(name, absent -> new ArrayList<>())
          .add(header.substring(colon + 1).trim());
    }
    if (headers.containsKey("expect")) {
      out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      out.flush();
    }
    return new RawRequest(words[0], words[1], headers, body(in, headers));
  }

  private static long body(InputStream in, Map<String, List<String>> headers) throws IOException {
    if (headers.containsKey("transfer-encoding")) {
      long total = 0;
      while (true) {
        String size = line(in);
        if (size == null) {
          throw new EOFException("within a chunked body");
        }
        long chunk = Long.parseLong(size.split(";")[0].trim(), 16);
        in.skipNBytes(chunk);
        line(in);
        if (chunk == 0) {
          return total;
        }
        total += chunk;
      }
    }
    long length = Long.parseLong(headers.getOrDefault("content-length", List.of("0")).get(0));
    in.skipNBytes(length);
    return length;
  }

  private static @Nullable String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && line.length() < LONGEST_LINE; c = in.read()) {
      if (c == '\n') {
        return line.toString();
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return null;
  }

  String path() {
    int question = target.indexOf('?');
    return question < 0 ? target : target.substring(0, question);
  }

  /** The first value of a query parameter, or null. */
  @Nullable String query(String name) {
    int question = target.indexOf('?');
    if (question >= 0) {
      for (String pair : target.substring(question + 1).split("&")) {
        if (pair.startsWith(name + "=")) {
          return pair.substring(name.length() + 1);
        }
      }
    }
    return null;
  }

  /** The first value of a header by lower-case name, or null. */
  @Nullable String header(String name) {
    List<String> values = headers.get(name);
    return values == null ? null : values.get(0);
  }
}
