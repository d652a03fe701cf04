package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever is in the file, the locator answers: a place or unknown, never an exception. */
class CorruptDatabaseTest {
  private static final byte[] GOOD = good();
  private static Path file;

  private static byte[] good() {
    MmdbWriter writer = MmdbWriter.city();
    Random random = new Random(1);
    for (int i = 0; i < 200; i++) {
      String network = i + ".0.0.0/8";
      writer.city(network, "PL", random.nextInt(90), random.nextInt(180));
    }
    return writer.country("2000::/3", "JP").bytes();
  }

  @BeforeContainer
  static void create() throws IOException {
    file = Files.createTempFile("corrupt", ".mmdb");
  }

  @AfterContainer
  static void delete() throws IOException {
    Files.delete(file);
  }

  @Property(tries = 150)
  void aTruncatedFileNeverThrows(@ForAll @IntRange(max = 1_000_000) int cut) throws IOException {
    askAll(Arrays.copyOf(GOOD, cut % GOOD.length));
  }

  @Property(tries = 300)
  void bytesOverwrittenAnywhereNeverThrow(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 20) int count) throws IOException {
    byte[] bytes = GOOD.clone();
    Random random = new Random(seed);
    for (int i = 0; i < count; i++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    askAll(bytes);
  }

  private static void askAll(byte[] bytes) throws IOException {
    Files.write(file, bytes);
    GeoLocator locator = new GeoLocator();
    new GeoDatabaseWatch(locator, () -> file).poll();
    for (int i = 0; i < 256; i++) {
      Place v4 = locator.locate(IpAddress.v4(i << 24 | 1));
      Place v6 = locator.locate(new IpAddress((long) i << 56, i));
      assertThat(v4.hasPosition() || v4.country() == null).isTrue();
      assertThat(v6.hasPosition() || v6.country() == null).isTrue();
    }
  }
}
