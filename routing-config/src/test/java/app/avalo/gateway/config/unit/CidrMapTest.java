package app.avalo.gateway.config.unit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CidrMapTest {
  private static final Cidr EVERYTHING = new Cidr(0, 0, 0);
  private static final Cidr TEN = new Cidr(0, 0xffff_0a00_0000L, 104);
  private static final Cidr TEN_ONE = new Cidr(0, 0xffff_0a01_0000L, 112);
  private static final Cidr LAST = new Cidr(-1, -1, 128);

  private static IpAddress ip(String text) {
    IpAddress address = IpAddress.parse(text);
    assertThat(address).isNotNull();
    return address;
  }

  @Test
  void theSmallestBlockWins() {
    CidrMap<String> map = CidrMap.of(Map.of(TEN, "ten", TEN_ONE, "ten.one"));
    assertThat(map.get(ip("10.1.2.3"))).isEqualTo("ten.one");
    assertThat(map.get(ip("10.2.0.0"))).isEqualTo("ten");
    assertThat(map.get(ip("::ffff:10.0.0.0"))).isEqualTo("ten");
    assertThat(map.get(ip("9.255.255.255"))).isNull();
    assertThat(map.get(ip("11.0.0.0"))).isNull();
  }

  @Test
  void theEdgesOfTheAddressSpaceAreInside() {
    CidrMap<String> map = CidrMap.of(Map.of(EVERYTHING, "all", LAST, "last"));
    assertThat(map.get(new IpAddress(0, 0))).isEqualTo("all");
    assertThat(map.get(new IpAddress(-1, -2))).isEqualTo("all");
    assertThat(map.get(new IpAddress(-1, -1))).isEqualTo("last");
    assertThat(CidrMap.of(Map.<Cidr, String>of()).get(new IpAddress(0, 0))).isNull();
  }

  @Test
  void denyIsStrongerThanAllowAndAnEmptyAllowMeansAll() {
    assertThat(AddressRule.of(List.of(), List.of(TEN)).permits(ip("9.1.1.1"))).isTrue();
    assertThat(AddressRule.of(List.of(TEN), List.of(TEN_ONE)).permits(ip("10.2.1.1"))).isTrue();
    assertThat(AddressRule.of(List.of(TEN), List.of(TEN_ONE)).permits(ip("10.1.1.1"))).isFalse();
    assertThat(AddressRule.of(List.of(TEN), List.of()).permits(ip("9.1.1.1"))).isFalse();
    assertThat(AddressSet.of(List.of(TEN, TEN)).contains(ip("10.1.1.1"))).isTrue();
  }

  /** Few distinct bits, so that blocks nest, touch and reach the ends. */
  @Provide
  Arbitrary<Long> words() {
    return Arbitraries.of(
        0L, 1L, -1L, -2L, Long.MIN_VALUE, Long.MAX_VALUE, 0xffff_0a00_0000L, 0xffff_0a01_0000L);
  }

  @Provide
  Arbitrary<List<Cidr>> blocks() {
    Arbitrary<Integer> bits = Arbitraries.of(0, 1, 2, 63, 64, 65, 104, 112, 127, 128);
    return Combinators.combine(words(), words(), bits).as(Cidr::new).list().ofMaxSize(12);
  }

  @Property(tries = 5000)
  void aLookUpAgreesWithAScanOfAllBlocks(
      @ForAll("blocks") List<Cidr> blocks, @ForAll("words") long high, @ForAll("words") long low) {
    Map<Cidr, Integer> values = new LinkedHashMap<>();
    blocks.forEach(block -> values.put(block, values.size()));
    CidrMap<Integer> map = CidrMap.of(values);
    List<IpAddress> probes = new ArrayList<>(List.of(new IpAddress(high, low)));
    for (Cidr block : blocks) {
      probes.add(new IpAddress(block.high(), block.low()));
      probes.add(block.last());
    }
    for (IpAddress probe : probes) {
      assertThat(map.get(probe)).isEqualTo(scan(values, probe));
      assertThat(AddressSet.of(blocks).contains(probe)).isEqualTo(scan(values, probe) != null);
    }
  }

  private static @Nullable Integer scan(Map<Cidr, Integer> values, IpAddress address) {
    int best = -1;
    Integer found = null;
    for (Map.Entry<Cidr, Integer> entry : values.entrySet()) {
      if (entry.getKey().bits() > best && entry.getKey().contains(address)) {
        best = entry.getKey().bits();
        found = entry.getValue();
      }
    }
    return found;
  }
}
