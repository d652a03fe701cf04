package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;

import com.maxmind.db.Reader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The writer against the reader of the format's inventors. */
class MmdbWriterTest {
  @ParameterizedTest
  @ValueSource(ints = {24, 28, 32})
  void theLongestPrefixOfBothFamiliesIsReadBack(int recordSize) throws IOException {
    Map<String, Object> everyType =
        Map.of(
            "text",
            "x".repeat(400),
            "double",
            -12.5,
            "uint32",
            7,
            "uint64",
            1L << 40,
            "flag",
            true,
            "list",
            List.of("a", "b"));
    byte[] file =
        MmdbWriter.of("Any", 6, recordSize)
            .put("10.0.0.0/8", Map.of("name", "wide"))
            .put("10.1.0.0/16", Map.of("name", "narrow"))
            .put("2001:db8::/32", everyType)
            .bytes();
    try (Reader reader = new Reader(new ByteArrayInputStream(file))) {
      assertThat(read(reader, "10.2.3.4")).isEqualTo(Map.of("name", "wide"));
      assertThat(read(reader, "10.1.3.4")).isEqualTo(Map.of("name", "narrow"));
      assertThat(read(reader, "11.0.0.1")).isNull();
      assertThat(read(reader, "2001:db8::1"))
          .containsEntry("double", -12.5)
          .containsEntry("uint32", 7L)
          .containsEntry("flag", true)
          .containsEntry("text", "x".repeat(400));
      assertThat(reader.getMetadata().databaseType()).isEqualTo("Any");
    }
  }

  @SuppressWarnings("unchecked")
  private static @Nullable Map<String, Object> read(Reader reader, String address)
      throws IOException {
    return (Map<String, Object>) reader.get(InetAddress.getByName(address), Map.class);
  }
}
