package app.avalo.gateway.filter.budget.receipt;

import static org.assertj.core.api.Assertions.assertThat;

import app.avalo.gateway.filter.time.VirtualTime;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalReceiptsTest {
  private static final long COST = 700;

  @TempDir Path directory;
  private final VirtualTime time = new VirtualTime();

  private Path file() {
    return directory.resolve("receipts");
  }

  private LocalReceipts open() {
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
    Future<Receipts.Charged> answer = receipts.charge(id, COST);
    return answer.succeeded() ? COST - answer.result().micros() : -1;
  }

  /** What a process that is killed leaves: nothing is closed. */
  @Test
  void theyOutliveAKill() {
    LocalReceipts killed = open();
    List<Receipt> ids = ids(500);
    ids.forEach(id -> assertThat(before(killed, id)).isZero());

    LocalReceipts next = open();
    assertThat(ids).allSatisfy(id -> assertThat(before(next, id)).isEqualTo(COST));
  }

  @Test
  void theDearestCountsAcrossRestarts() {
    Receipt id = ids(1).get(0);
    LocalReceipts one = open();
    one.charge(id, 5_000);
    one.charge(id, 3_000);

    assertThat(open().charge(id, 9_000).result()).isEqualTo(new Receipts.Charged(4_000, true));
    assertThat(open().charge(id, 9_000).result()).isEqualTo(new Receipts.Charged(0, true));
  }

  private static Receipt again(Receipt id) {
    return new Receipt(id.budget(), id.high(), id.low());
  }

  @Test
  void whatWasUnderWayInAProcessThatIsKilledHasPaidWhatItHeld() {
    LocalReceipts killed = open();
    List<Receipt> ids = ids(2_000);
    ids.forEach(id -> assertThat(killed.begin(id, COST).result()).isZero());
    ids.subList(0, 1_000).forEach(id -> killed.charge(id, 1));
    assertThat(killed.begin(again(ids.get(1_500)), COST).result()).as("it may pay less").isZero();

    LocalReceipts next = open();
    assertThat(ids.subList(0, 1_000))
        .allSatisfy(id -> assertThat(next.begin(again(id), COST).result()).isEqualTo(1));
    assertThat(ids.subList(1_000, 2_000))
        .allSatisfy(id -> assertThat(next.begin(again(id), COST).result()).isEqualTo(COST));
    assertThat(ids.subList(1_000, 2_000))
        .allSatisfy(
            id ->
                assertThat(next.charge(again(id), COST + 5).result())
                    .isEqualTo(new Receipts.Charged(5, true)));
  }

  @Test
  void whatWasNeverSentHasPaidNothing() {
    LocalReceipts receipts = open();
    Receipt id = ids(1).get(0);
    receipts.begin(id, COST);
    assertThat(receipts.charge(id, 0).result()).isEqualTo(new Receipts.Charged(0, false));

    assertThat(before(open(), again(id))).isZero();
  }

  /** A byte that a disk changed loses the id of its slot, and no other; none is made up. */
  @Test
  void damageForgetsAndInventsNothing() throws IOException {
    List<Receipt> ids = ids(2_000);
    LocalReceipts receipts = open();
    ids.forEach(id -> before(receipts, id));
    byte[] bytes = Files.readAllBytes(file());
    Random random = new Random(11);
    for (int i = 0; i < bytes.length / 64; i++) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(255));
    }
    Files.write(file(), bytes);

    LocalReceipts damaged = open();
    List<Long> found = ids.stream().map(id -> before(damaged, id)).toList();
    assertThat(found).containsOnly(0L, COST);
    assertThat(found.stream().filter(paid -> paid == COST)).hasSizeBetween(900, 1_500);
  }

  @Test
  void aFileThatWasCutOffForgetsWhatWasBehind() throws IOException {
    List<Receipt> ids = ids(1_000);
    LocalReceipts receipts = open();
    ids.forEach(id -> before(receipts, id));
    byte[] bytes = Files.readAllBytes(file());
    Files.write(directory.resolve("half"), Arrays.copyOf(bytes, bytes.length / 2 + 5));

    LocalReceipts half = LocalReceipts.open(directory.resolve("half"), time);
    List<Long> found = ids.stream().map(id -> before(half, id)).toList();
    assertThat(found).containsOnly(0L, COST);
    assertThat(found.stream().filter(paid -> paid == COST)).hasSizeBetween(400, 600);
    assertThat(ids).allSatisfy(id -> assertThat(before(half, id)).isEqualTo(COST));
  }

  @Test
  void withoutItsFileItRemembersWhileItRuns() throws IOException {
    Files.createDirectory(file()); // which nobody can write
    LocalReceipts receipts = open();
    Receipt id = ids(1).get(0);

    assertThat(before(receipts, id)).isZero();
    assertThat(before(receipts, id)).isEqualTo(COST);
  }

  /** Sixteen ids share the slots of one; for a further one the oldest makes room. */
  @Test
  void theOldestMakesRoom() {
    LocalReceipts receipts = LocalReceipts.inMemory(time);
    List<Receipt> crowd = new ArrayList<>();
    for (int i = 0; i < 17; i++) {
      crowd.add(new Receipt("ai", 1L << 32, i));
      assertThat(before(receipts, crowd.get(i))).isZero();
      time.advance(Duration.ofSeconds(1));
    }

    assertThat(crowd.subList(1, 17))
        .allSatisfy(id -> assertThat(before(receipts, id)).isEqualTo(COST));
    assertThat(before(receipts, crowd.get(0))).as("the oldest").isZero();
  }

  @Test
  void aClockThatWasSetBackForgetsNothing() {
    LocalReceipts before = open();
    Receipt id = ids(1).get(0);
    before(before, id);

    LocalReceipts after =
        LocalReceipts.open(file(), new VirtualTime(time.epochMillis() - 3_600_000));
    assertThat(before(after, id)).isEqualTo(COST);
  }

  @Test
  void aQuarterOfAMillionIdsAreRemembered() {
    LocalReceipts receipts = LocalReceipts.inMemory(time);
    List<Receipt> ids = ids(250_000);
    ids.forEach(id -> before(receipts, id));

    assertThat(ids.stream().filter(id -> before(receipts, id) == COST).count())
        .isGreaterThan(248_000);
  }

  @Test
  void severalLoopsChargeAnIdOnce() {
    LocalReceipts receipts = LocalReceipts.inMemory(time);
    List<Receipt> ids = ids(10_000);
    LongAdder charged = new LongAdder();

    IntStream.range(0, 4 * ids.size())
        .parallel()
        .forEach(i -> charged.add(COST - before(receipts, ids.get(i % ids.size()))));

    assertThat(charged.sum()).isEqualTo(ids.size() * COST);
  }
}
