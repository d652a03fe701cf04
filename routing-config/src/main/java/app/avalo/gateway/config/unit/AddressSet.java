package app.avalo.gateway.config.unit;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The addresses in any of some blocks. Immutable; asking costs a binary search, no allocation. */
public final class AddressSet {
  private final CidrMap<Boolean> blocks;
  private final boolean empty;

  private AddressSet(CidrMap<Boolean> blocks, boolean empty) {
    this.blocks = blocks;
    this.empty = empty;
  }

  /** The addresses in these blocks. */
  public static AddressSet of(List<Cidr> blocks) {
    return new AddressSet(
        CidrMap.of(
            blocks.stream()
                .distinct()
                .collect(Collectors.toMap(Function.identity(), block -> Boolean.TRUE))),
        blocks.isEmpty());
  }

  public boolean contains(IpAddress address) {
    return !empty && blocks.get(address) != null;
  }

  public boolean isEmpty() {
    return empty;
  }
}
