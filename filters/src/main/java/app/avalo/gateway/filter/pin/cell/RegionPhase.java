package app.avalo.gateway.filter.pin.cell;

/**
 * What the map says of a region.
 *
 * @param phase in its life
 * @param was the phase before LEASEOUT, to which a false alarm returns
 * @param changed version of the map that brought this line
 * @param sinceMillis wall clock of whoever wrote it
 * @param evictions in a row, each less than an hour after the one before
 * @param course of a drain or failback
 */
public record RegionPhase(
    Phase phase, Phase was, long changed, long sinceMillis, int evictions, Course course) {

  /** The life of a region. */
  public enum Phase {
    ACTIVE(true),
    /** Suspected by a quorum or given up by an operator: no pinned writes, nobody moves yet. */
    LEASEOUT(false),
    /** All its cells are elsewhere. */
    EVICTED(false),
    /** Its cells leave in batches. */
    DRAINING(true),
    /** Drained. */
    EMPTY(false),
    /** Its cells come home in batches. */
    FAILBACK(true);

    private final boolean open;

    Phase(boolean open) {
      this.open = open;
    }

    /** Whether its cells take writes. */
    public boolean open() {
      return open;
    }
  }

  /**
   * How a drain or failback goes on.
   *
   * @param batch users of the next one; 0 while it is stopped
   * @param most users of any
   * @param to region index where a drain or forced move leads, or -1 for wherever is best
   * @param by operator who ordered it, empty for the gateways themselves
   */
  public record Course(int batch, int most, int to, String by) {
    public static final Course NONE = new Course(0, 0, -1, "");
  }

  private static final long HOUR_MILLIS = 3_600_000;

  static final RegionPhase FIRST =
      new RegionPhase(Phase.ACTIVE, Phase.ACTIVE, 0, 0, 0, Course.NONE);

  /** Whether the gateways themselves ordered what is under way. */
  public boolean automatic() {
    return course.by().isEmpty();
  }

  /** Without pinned writes from now on. */
  public RegionPhase leasedOut(long version, long nowMillis, Course next) {
    Phase before = phase == Phase.LEASEOUT ? was : phase;
    int recent = nowMillis - sinceMillis > HOUR_MILLIS ? 0 : evictions;
    return new RegionPhase(Phase.LEASEOUT, before, version, nowMillis, recent, next);
  }

  /** Back after a false alarm. */
  public RegionPhase again(long version, long nowMillis) {
    return new RegionPhase(was, was, version, nowMillis, evictions, course);
  }

  /** Without any cells. */
  public RegionPhase evicted(long version, long nowMillis) {
    return new RegionPhase(Phase.EVICTED, Phase.EVICTED, version, nowMillis, evictions + 1, course);
  }

  /** In another phase. */
  public RegionPhase in(Phase next, long version, long nowMillis, Course on) {
    return new RegionPhase(next, next, version, nowMillis, evictions, on);
  }

  /** The same line, written anew. */
  RegionPhase at(long version) {
    return new RegionPhase(phase, was, version, sinceMillis, evictions, course);
  }

  /** The same phase with another size of batch. */
  public RegionPhase pacedAt(int batch, long version) {
    Course next = new Course(batch, course.most(), course.to(), course.by());
    return new RegionPhase(phase, was, version, sinceMillis, evictions, next);
  }

  String text() {
    return String.join(
        "|",
        phase.name(),
        was.name(),
        Long.toString(changed),
        Long.toString(sinceMillis),
        Integer.toString(evictions),
        Integer.toString(course.batch()),
        Integer.toString(course.most()),
        Integer.toString(course.to()),
        course.by());
  }

  static RegionPhase parse(String text) {
    String[] parts = text.split("\\|", 9);
    return new RegionPhase(
        Phase.valueOf(parts[0]),
        Phase.valueOf(parts[1]),
        Long.parseLong(parts[2]),
        Long.parseLong(parts[3]),
        Integer.parseInt(parts[4]),
        new Course(
            Integer.parseInt(parts[5]),
            Integer.parseInt(parts[6]),
            Integer.parseInt(parts[7]),
            parts[8]));
  }
}
