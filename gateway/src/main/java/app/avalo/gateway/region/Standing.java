package app.avalo.gateway.region;

/** How far a region or endpoint may be used, forced state already applied. */
public enum Standing {
  /** Everything may go there. */
  IN_SERVICE,
  /**
   * It answers and asks to be left: what is new goes elsewhere, what is pinned leaves in batches.
   */
  DRAINING,
  /** Something is wrong; what can go elsewhere does, what is pinned waits for the verdict. */
  SUSPECT,
  /** Convicted or forced out: nothing goes there, pins move away. */
  OUT;

  /**
   * The standing of a service in a region: the best of its endpoints' standings, but never better
   * than the region's own. A suspected region whose endpoints are all out is the last resort that
   * the panic rule keeps.
   *
   * @param own of the region as a whole
   * @param best of the service's endpoints there
   */
  public static Standing joined(Standing own, Standing best) {
    return best.compareTo(own) < 0 || own == SUSPECT || own == OUT ? own : best;
  }
}
