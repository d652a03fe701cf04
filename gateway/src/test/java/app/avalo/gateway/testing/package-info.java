/**
 * Fixtures of the integration tests: regions that are real HTTP servers, in this process or in one
 * of their own that can be killed and stopped. Start at {@link
 * app.avalo.gateway.testing.TestRegion}.
 */
@NullMarked
package app.avalo.gateway.testing;

import org.jspecify.annotations.NullMarked;
