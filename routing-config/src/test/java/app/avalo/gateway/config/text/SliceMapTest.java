package app.avalo.gateway.config.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class SliceMapTest {
  @Property
  void aSliceFindsWhatItsOwnStringWouldFind(
      @ForAll @Size(max = 200) Map<@AlphaChars @StringLength(max = 3) String, Integer> entries,
      @ForAll @AlphaChars @StringLength(max = 3) String probe) {
    SliceMap<Integer> map = SliceMap.of(entries);
    Map<String, Integer> all = new TreeMap<>(entries);
    all.putIfAbsent(probe, -1);
    for (String key : all.keySet()) {
      assertThat(map.get("ab" + key + "cd", 2, 2 + key.length())).isEqualTo(entries.get(key));
    }
  }

  @Test
  void keysWithTheSameHashAreToldApart() {
    SliceMap<String> map = SliceMap.of(Map.of("Aa", "1", "BB", "2"));
    assertThat(map.get("Aa", 0, 2)).isEqualTo("1");
    assertThat(map.get("BB", 0, 2)).isEqualTo("2");
    assertThat(map.get("BBAa", 0, 4)).isNull();
  }
}
