package app.avalo.gateway.filter.budget.receipt;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalReceiptsTest {
  private static final long COST = 700;

  @TempDir Path directory;
  private final VirtualTime time = new VirtualTime();

  private Path file() {
    return directory.resolve("receipts");
  }

  private LocalReceipts open() throws IOException {
    return LocalReceipts.open(file(), time);
  }

  private static List<Receipt> ids(int count) {
    Random random = new Random(7);
    List<Receipt> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add(new Receipt("ai", random.nextLong(), random.nextLong()));
    }
    return ids;
  }

  private static long before(LocalReceipts receipts, Receipt id) {
    Future<Long> answer = receipts.charge(id, COST);
    return answer.succeeded() ? answer.result() : -1;
  }

  /** What a process that is killed leaves: nothing is closed. */
  @Test
  void theyOutliveAKill() throws IOException {
    LocalReceipts killed = open();
    List<Receipt> ids = ids(500);
    ids.forEach(id -> assertThat(before(killed, id)).isZero());

    try (LocalReceipts next = open()) {
      assertThat(ids).allSatisfy(id -> assertThat(before(next, id)).isEqualTo(COST));
    }
  }

  @Test
  void theDearestCountsAcrossRestarts() throws IOException {
    Receipt id = ids(1).get(0);
    try (LocalReceipts one = open()) {
      one.charge(id, 5_000);
      one.charge(id, 3_000);
    }
    try (LocalReceipts two = open()) {
      assertThat(two.charge(id, 9_000).result()).isEqualTo(5_000);
    }
    try (LocalReceipts three = open()) {
      assertThat(three.charge(id, 9_000).result()).isEqualTo(9_000);
    }
  }

  /** A byte that a disk changed loses the ids of its place, and no other; none is made up. */
  @Test
  void damageForgetsAndInventsNothing() throws IOException {
    List<Receipt> ids = ids(2_000);
    try (LocalReceipts receipts = open()) {
      ids.forEach(id -> before(receipts, id));
    }
    byte[] bytes = Files.readAllBytes(file());
    Random random = new Random(11);
    for (int i = 0; i < bytes.length / 64; i++) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
    }
    Files.write(file(), bytes);

    try (LocalReceipts receipts = open()) {
      List<Long> found = ids.stream().map(id -> before(receipts, id)).toList();
      assertThat(found).containsOnly(0L, COST);
      assertThat(found.stream().filter(paid -> paid == COST)).hasSizeBetween(900, 1_400);
    }
  }

  @Test
  void aFileThatWasCutOffForgetsWhatWasBehind() throws IOException {
    List<Receipt> ids = ids(1_000);
    try (LocalReceipts receipts = open()) {
      ids.forEach(id -> before(receipts, id));
    }
    try (var channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
      channel.truncate(Files.size(file()) / 2 + 5);
    }

    try (LocalReceipts receipts = open()) {
      List<Long> found = ids.stream().map(id -> before(receipts, id)).toList();
      assertThat(found).containsOnly(0L, COST);
      assertThat(ids).allSatisfy(id -> assertThat(before(receipts, id)).isEqualTo(COST));
    }
  }

  /** Sixteen ids share the places of one; a seventeenth finds none until the others are old. */
  @Test
  void aFloodOfIdsIsNotRememberedAndForgetsNobody() {
    LocalReceipts receipts = LocalReceipts.inMemory(time);
    List<Receipt> crowd = new ArrayList<>();
    for (int i = 0; i < 17; i++) {
      crowd.add(new Receipt("ai", 5L << 60, i));
    }
    crowd.subList(0, 16).forEach(id -> assertThat(before(receipts, id)).isZero());

    assertThat(before(receipts, crowd.get(16))).isEqualTo(-1);
    assertThat(crowd.subList(0, 16))
        .allSatisfy(id -> assertThat(before(receipts, id)).isEqualTo(COST));

    time.advance(Duration.ofDays(2));
    assertThat(before(receipts, crowd.get(16))).isZero();
    assertThat(before(receipts, crowd.get(16))).isEqualTo(COST);
  }

  @Test
  void aQuarterOfAMillionIdsAreRemembered() {
    LocalReceipts receipts = LocalReceipts.inMemory(time);
    List<Receipt> ids = ids(250_000);
    ids.forEach(id -> before(receipts, id));

    assertThat(ids.stream().filter(id -> before(receipts, id) == COST).count())
        .isGreaterThan(248_000);
  }
}
