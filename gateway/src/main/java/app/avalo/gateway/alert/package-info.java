/**
 * Tells operators' systems of what needs them: signed, in order while each is accepted, again for
 * as long as that has a point, never in the way of a request. Runs on the control loop; imports
 * nothing of the data plane.
 */
@NullMarked
package app.avalo.gateway.alert;

import org.jspecify.annotations.NullMarked;
