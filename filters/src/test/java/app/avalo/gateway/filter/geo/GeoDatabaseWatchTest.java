package app.avalo.gateway.filter.geo;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.config.unit.IpAddress;
import app.avalo.gateway.filter.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeoDatabaseWatchTest {
  private static final MmdbWriter POLAND = MmdbWriter.city().city("0.0.0.0/1", "PL", 52.2, 21.0);
  private static final MmdbWriter JAPAN =
      MmdbWriter.city().city("0.0.0.0/1", "JP", 35.7, 139.7).country("2001:db8::/32", "JP");

  @TempDir Path directory;
  private final GeoLocator locator = new GeoLocator();
  private final AtomicReference<Path> configured = new AtomicReference<>();
  private final GeoDatabaseWatch watch = new GeoDatabaseWatch(locator, configured::get);
  private Path file;

  @BeforeEach
  void configure() {
    file = directory.resolve("geo.mmdb");
    configured.set(file);
  }

  private String country() {
    return String.valueOf(locate("9.9.9.9").country());
  }

  private Place locate(String address) {
    return locator.locate(IpAddress.parse(address));
  }

  @Test
  void aChangedFileIsTakenOver() {
    POLAND.write(file);
    watch.poll();
    assertThat(country()).isEqualTo("PL");
    JAPAN.write(file);
    watch.poll();
    assertThat(country()).isEqualTo("JP");
    assertThat(watch.status().loads()).isEqualTo(2);
  }

  @Test
  void anUnchangedFileIsReadOnce() {
    POLAND.write(file);
    watch.poll();
    watch.poll();
    assertThat(watch.status().loads()).isEqualTo(1);
  }

  @Test
  void aSwappedSymlinkIsNoticed() throws IOException {
    Path first = POLAND.write(directory.resolve("1.mmdb"));
    Path second = JAPAN.write(directory.resolve("2.mmdb"));
    Files.createSymbolicLink(file, first);
    watch.poll();
    Path swapped = Files.createSymbolicLink(directory.resolve("tmp"), second);
    Files.move(swapped, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    watch.poll();
    assertThat(country()).isEqualTo("JP");
  }

  @Test
  void withoutAFileEverybodyIsUnknownAndTheFaultIsReportedOnce() {
    watch.poll();
    watch.poll();
    assertThat(locate("9.9.9.9")).isEqualTo(Place.UNKNOWN);
    GeoStatus status = watch.status();
    assertThat(status.fault()).isEqualTo("no such file");
    assertThat(status.failedLoads()).isEqualTo(1);
    assertThat(status.lastLoadGood()).isFalse();
    assertThat(status.loaded()).isFalse();
  }

  @Test
  void aFileThatAppearsLaterIsTaken() {
    watch.poll();
    POLAND.write(file);
    watch.poll();
    assertThat(country()).isEqualTo("PL");
    assertThat(watch.status().lastLoadGood()).isTrue();
  }

  @Test
  void aCorruptFileLeavesTheLastGoodOneInUse() throws IOException {
    POLAND.write(file);
    watch.poll();
    byte[] japan = JAPAN.bytes();
    Files.write(file, Arrays.copyOf(japan, japan.length / 2));
    watch.poll();
    watch.poll();
    assertThat(country()).isEqualTo("PL");
    assertThat(watch.status().loaded()).isTrue();
    assertThat(watch.status().lastLoadGood()).isFalse();
    assertThat(watch.status().failedLoads()).isEqualTo(1);
  }

  @Test
  void aFileThatVanishesLeavesTheLastGoodOneInUse() throws IOException {
    POLAND.write(file);
    watch.poll();
    Files.delete(file);
    watch.poll();
    assertThat(country()).isEqualTo("PL");
    assertThat(watch.status().lastLoadGood()).isFalse();
  }

  @Test
  void aDatabaseOfSomethingElseIsRefusedByName() {
    MmdbWriter.of("GeoLite2-ASN", 6, 24).put("0.0.0.0/1", Map.of("asn", 1)).write(file);
    watch.poll();
    assertThat(watch.status().fault())
        .isEqualTo("type GeoLite2-ASN (expected a City or Country database)");
  }

  @Test
  void takingTheFileOutOfTheConfigurationForgetsTheDatabase() {
    POLAND.write(file);
    watch.poll();
    configured.set(null);
    watch.poll();
    assertThat(country()).isEqualTo("null");
    assertThat(watch.status().configured()).isFalse();
    assertThat(watch.status().lastLoadGood()).isTrue();
  }

  @Test
  void anAddressOfTheOtherFamilyOrOfNobodyIsUnknown() {
    MmdbWriter.of("Test-Country", 4, 28).country("0.0.0.0/1", "PL").write(file);
    watch.poll();
    assertThat(locate("2001:db8::1")).isEqualTo(Place.UNKNOWN);
    assertThat(locate("200.1.1.1")).isEqualTo(Place.UNKNOWN);
    assertThat(watch.status().failedLookups()).isZero();
  }

  @Test
  void aMappedAddressIsTheIpv4AddressInIt() {
    POLAND.write(file);
    watch.poll();
    assertThat(locate("::ffff:9.9.9.9").country()).isEqualTo("PL");
  }

  @Test
  void aCountryAloneGivesThePointOfTheCountry() {
    JAPAN.write(file);
    watch.poll();
    Place place = locate("2001:db8::1");
    assertThat(place.hasPosition()).isTrue();
    assertThat(place.longitude()).isBetween(129.0, 146.0);
  }

  @Test
  void oneRecordOfTheWrongTypeIsCountedAndGivesUnknown() {
    MmdbWriter.city()
        .city("0.0.0.0/1", "PL", 52.2, 21.0)
        .put("9.9.9.9/32", Map.of("location", "a string"))
        .write(file);
    watch.poll();
    assertThat(locate("9.9.9.9")).isEqualTo(Place.UNKNOWN);
    assertThat(locate("9.9.9.8").country()).isEqualTo("PL");
    assertThat(watch.status().failedLookups()).isEqualTo(1);
  }

  @Test
  void aFileOfWhichManyRecordsAreCorruptIsRefusedHoweverSmallItsNetworks() {
    POLAND.write(file);
    watch.poll();
    MmdbWriter sparse = MmdbWriter.city();
    for (int i = 1; i < 20; i++) {
      sparse.put("9.9." + i + ".7/32", Map.of("location", "a string"));
    }
    sparse.put("2001:db8::1/128", Map.of("country", "a string")).write(file);
    watch.poll();
    assertThat(watch.status().fault())
        .isEqualTo("20 of 20 records corrupt (expected fewer than 10 %)");
    assertThat(country()).isEqualTo("PL");
  }
}
