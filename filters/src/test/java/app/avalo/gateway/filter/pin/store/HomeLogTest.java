package app.avalo.gateway.filter.pin.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeLogTest {
  @TempDir private Path directory;

  private static HomeRecord line(int number) {
    return new HomeRecord(
        new PinKey("group-" + "x".repeat(number % 40), number, -number),
        new Home(number % 3, number),
        Long.MAX_VALUE);
  }

  private HomeLog open(Path file, List<HomeRecord> restored) throws IOException {
    return HomeLog.open(file, Runnable::run, restored::add, Collections::emptyIterator);
  }

  private List<HomeRecord> written(Path file, int lines) throws IOException {
    List<HomeRecord> expected = new ArrayList<>();
    try (HomeLog log = open(file, new ArrayList<>())) {
      for (int i = 0; i < lines; i++) {
        HomeRecord line = line(i);
        expected.add(line);
        log.append(line);
      }
    }
    return expected;
  }

  @Test
  void everyLineComesBackInOrder() throws IOException {
    Path file = directory.resolve("homes.log");
    List<HomeRecord> expected = written(file, 3000);
    List<HomeRecord> restored = new ArrayList<>();
    open(file, restored).close();
    assertThat(restored).isEqualTo(expected);
  }

  @Test
  void crashAtAnyByteLeavesAPrefix() throws IOException {
    Path file = directory.resolve("homes.log");
    List<HomeRecord> expected = written(file, 40);
    byte[] whole = Files.readAllBytes(file);
    int most = 0;
    for (int cut = 0; cut <= whole.length; cut++) {
      Files.write(file, Arrays.copyOf(whole, cut));
      List<HomeRecord> restored = new ArrayList<>();
      open(file, restored).close();
      assertThat(restored).as("cut at %d", cut).isEqualTo(expected.subList(0, restored.size()));
      assertThat(restored.size()).as("cut at %d", cut).isGreaterThanOrEqualTo(most);
      most = restored.size();
    }
    assertThat(most).isEqualTo(40);
  }

  @Test
  void damagedByteCostsOnlyWhatComesAfterIt() throws IOException {
    Path file = directory.resolve("homes.log");
    List<HomeRecord> expected = written(file, 40);
    byte[] whole = Files.readAllBytes(file);
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      byte[] damaged = whole.clone();
      int at = 9 + random.nextInt(whole.length - 9);
      damaged[at] ^= (byte) (1 + random.nextInt(255));
      Files.write(file, damaged);
      List<HomeRecord> restored = new ArrayList<>();
      open(file, restored).close();
      assertThat(restored)
          .as("seed %d byte %d", seed, at)
          .isEqualTo(expected.subList(0, restored.size()))
          .hasSizeLessThan(40);
    }
  }

  @Test
  void logGoesOnBehindACutTail() throws IOException {
    Path file = directory.resolve("homes.log");
    written(file, 10);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 3));
    try (HomeLog log = open(file, new ArrayList<>())) {
      log.append(line(99));
    }
    List<HomeRecord> restored = new ArrayList<>();
    open(file, restored).close();
    assertThat(restored).hasSize(10).endsWith(line(99));
  }

  @Test
  void overflowingQueueIsMadeGoodByANewFile() throws IOException {
    Path file = directory.resolve("homes.log");
    List<HomeRecord> alive = new ArrayList<>();
    Deque<Runnable> later = new ArrayDeque<>();
    try (HomeLog log = HomeLog.open(file, later::add, line -> {}, alive::iterator)) {
      for (int i = 0; i < 100_050; i++) {
        alive.add(line(i));
        log.append(line(i));
      }
      later.remove().run();
    }
    List<HomeRecord> restored = new ArrayList<>();
    open(file, restored).close();
    assertThat(restored).containsAll(alive.subList(100_000, 100_050));
  }
}
