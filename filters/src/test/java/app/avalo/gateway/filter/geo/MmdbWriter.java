package app.avalo.gateway.filter.geo;

import app.avalo.gateway.config.unit.IpAddress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes small MaxMind DB files (format 2.0) for tests. IPv4 networks lie under {@code ::/96} of an
 * IPv6 tree; the longest prefix wins.
 */
public final class MmdbWriter {
  private static final byte[] MARKER =
      "\u00ab\u00cd\u00efMaxMind.com".getBytes(StandardCharsets.ISO_8859_1);

  private final String type;
  private final int ipVersion;
  private final int recordSize;
  private final List<Network> networks = new ArrayList<>();

  private record Network(byte[] address, int bits, Map<String, ?> record) {}

  /** A node of the tree; each side is a node, a record or null. */
  private static final class Node {
    final Object[] sides = new Object[2];
    int number;
  }

  private MmdbWriter(String type, int ipVersion, int recordSize) {
    this.type = type;
    this.ipVersion = ipVersion;
    this.recordSize = recordSize;
  }

  /** A City database of both address families. */
  public static MmdbWriter city() {
    return new MmdbWriter("Test-City", 6, 24);
  }

  /**
   * Any other.
   *
   * @param ipVersion 4 or 6
   * @param recordSize 24, 28 or 32 bits
   */
  public static MmdbWriter of(String type, int ipVersion, int recordSize) {
    return new MmdbWriter(type, ipVersion, recordSize);
  }

  /** Everybody of a network is in this city. */
  public MmdbWriter city(String network, String country, double latitude, double longitude) {
    return put(
        network,
        Map.of(
            "country", Map.of("iso_code", country),
            "location", Map.of("latitude", latitude, "longitude", longitude)));
  }

  /** Of a network only the country is known. */
  public MmdbWriter country(String network, String country) {
    return put(network, Map.of("country", Map.of("iso_code", country)));
  }

  /** Any record of strings, doubles, Integers (uint32), Longs (uint64), Booleans, maps, lists. */
  public MmdbWriter put(String network, Map<String, ?> record) {
    int slash = network.indexOf('/');
    IpAddress address = IpAddress.parse(network.substring(0, slash));
    if (address == null) {
      throw new IllegalArgumentException(network + " (expected address/bits)");
    }
    int bits = Integer.parseInt(network.substring(slash + 1));
    byte[] bytes = address.bytes();
    if (ipVersion == 6 && bytes.length == 4) {
      byte[] wide = new byte[16];
      System.arraycopy(bytes, 0, wide, 12, 4);
      networks.add(new Network(wide, bits + 96, record));
    } else {
      networks.add(new Network(bytes, bits, record));
    }
    return this;
  }

  /** Writes the file, in place of what was there. */
  public Path write(Path file) {
    try {
      return Files.write(file, bytes());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  public byte[] bytes() {
    List<Node> nodes = tree();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    Map<Object, Integer> offsets = new HashMap<>();
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    for (Node node : nodes) {
      long left = pointer(node.sides[0], nodes.size(), data, offsets);
      long right = pointer(node.sides[1], nodes.size(), data, offsets);
      writeNode(file, left, right);
    }
    file.writeBytes(new byte[16]);
    file.writeBytes(data.toByteArray());
    file.writeBytes(MARKER);
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("node_count", nodes.size());
    metadata.put("record_size", (short) recordSize);
    metadata.put("ip_version", (short) ipVersion);
    metadata.put("database_type", type);
    metadata.put("languages", List.of("en"));
    metadata.put("binary_format_major_version", (short) 2);
    metadata.put("binary_format_minor_version", (short) 0);
    metadata.put("build_epoch", 1_795_219_200L);
    metadata.put("description", Map.of("en", "for tests"));
    encode(file, metadata);
    return file.toByteArray();
  }

  private List<Node> tree() {
    networks.sort(Comparator.comparingInt(Network::bits));
    List<Node> nodes = new ArrayList<>();
    Node root = node(nodes, null);
    for (Network network : networks) {
      Node at = root;
      for (int bit = 0; bit < network.bits() - 1; bit++) {
        int side = side(network, bit);
        if (!(at.sides[side] instanceof Node)) {
          at.sides[side] = node(nodes, at.sides[side]);
        }
        at = (Node) at.sides[side];
      }
      at.sides[side(network, network.bits() - 1)] = network.record();
    }
    return nodes;
  }

  private static int side(Network network, int bit) {
    return network.address()[bit >> 3] >> (7 - (bit & 7)) & 1;
  }

  private static Node node(List<Node> nodes, @org.jspecify.annotations.Nullable Object both) {
    Node node = new Node();
    node.sides[0] = both;
    node.sides[1] = both;
    node.number = nodes.size();
    nodes.add(node);
    return node;
  }

  private static long pointer(
      Object side, int nodes, ByteArrayOutputStream data, Map<Object, Integer> offsets) {
    if (side == null) {
      return nodes;
    }
    if (side instanceof Node node) {
      return node.number;
    }
    Integer offset = offsets.get(side);
    if (offset == null) {
      offset = data.size();
      offsets.put(side, offset);
      encode(data, side);
    }
    return nodes + 16 + offset;
  }

  private void writeNode(ByteArrayOutputStream out, long left, long right) {
    if (recordSize == 28) {
      number(out, left & 0xff_ffff, 3);
      out.write((int) (left >> 24 << 4 | right >> 24));
      number(out, right & 0xff_ffff, 3);
    } else {
      number(out, left, recordSize / 8);
      number(out, right, recordSize / 8);
    }
  }

  private static void encode(ByteArrayOutputStream out, Object value) {
    if (value instanceof String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      control(out, 2, bytes.length);
      out.writeBytes(bytes);
    } else if (value instanceof Double number) {
      control(out, 3, 8);
      number(out, Double.doubleToLongBits(number), 8);
    } else if (value instanceof Short number) {
      control(out, 5, 2);
      number(out, number, 2);
    } else if (value instanceof Integer number) {
      control(out, 6, 4);
      number(out, number, 4);
    } else if (value instanceof Long number) {
      control(out, 9, 8);
      number(out, number, 8);
    } else if (value instanceof Boolean flag) {
      control(out, 14, flag ? 1 : 0);
    } else if (value instanceof List<?> list) {
      control(out, 11, list.size());
      list.forEach(element -> encode(out, element));
    } else if (value instanceof Map<?, ?> map) {
      control(out, 7, map.size());
      map.forEach(
          (key, element) -> {
            encode(out, key);
            encode(out, element);
          });
    } else {
      throw new IllegalArgumentException(value + " (expected a type of the format)");
    }
  }

  /** Type and size: MaxMind DB format 2.0, "Data Field Format". */
  private static void control(ByteArrayOutputStream out, int type, int size) {
    int shortSize = size < 29 ? size : size < 285 ? 29 : 30;
    if (size >= 65_821) {
      throw new IllegalArgumentException(size + " (expected a small value)");
    }
    out.write((type < 8 ? type << 5 : 0) | shortSize);
    if (type >= 8) {
      out.write(type - 7);
    }
    if (shortSize == 29) {
      out.write(size - 29);
    } else if (shortSize == 30) {
      number(out, size - 285, 2);
    }
  }

  private static void number(ByteArrayOutputStream out, long value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out.write((int) (value >> shift));
    }
  }
}
