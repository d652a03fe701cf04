package app.avalo.gateway.region;

/** How far a region or endpoint may be used, forced state already applied. */
public enum Standing {
  /** Everything may go there. */
  IN_SERVICE,
  /** Something is wrong; what can go elsewhere does, what is pinned waits for the verdict. */
  SUSPECT,
  /** Convicted or forced out: nothing goes there, pins move away. */
  OUT
}
