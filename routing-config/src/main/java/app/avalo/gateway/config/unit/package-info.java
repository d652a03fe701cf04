/** Quantities with units as operators write them: rates, money, addresses, secrets. Immutable. */
@NullMarked
package app.avalo.gateway.config.unit;

import org.jspecify.annotations.NullMarked;
