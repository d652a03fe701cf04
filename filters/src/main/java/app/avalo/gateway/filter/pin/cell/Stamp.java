package app.avalo.gateway.filter.pin.cell;

/**
 * Names one state of the store. Versions grow within an incarnation; a store that begins anew, with
 * or without its last writes, is another incarnation.
 *
 * @param incarnation id of one life of the store
 * @param version number of the last commit
 */
public record Stamp(String incarnation, long version) {
  /** Before anything was read; no store has it. */
  public static final Stamp NONE = new Stamp("", 0);
}
