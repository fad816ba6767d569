import type { Street } from '../street.ts';
import { Material, type Surface, type SurfacePoint } from './material.ts';
import { noise } from './noise.ts';
import { paintCarBody, paintWheel } from './paint-car.ts';
import { paintGround, paintKerb } from './paint-ground.ts';
import { paintDoor, paintGlass, paintRoof, paintShutter, paintStone, paintWall } from './paint-house.ts';
import { paintBark, paintCloth, paintLeaf, paintMetal, paintSign, paintSkin, paintWood } from './paint-things.ts';

/** Fills `out` with how the surface answers light at a place. */
export function paint(material: number, p: SurfacePoint, street: Street, out: Surface): Surface {
  out.mirror = 0;
  out.through = 0;
  out.bumpX = 0;
  out.bumpY = 0;
  out.bumpZ = 0;
  switch (material) {
    case Material.ground:
      return paintGround(p, street, out);
    case Material.kerb:
      return paintKerb(p, street, out);
    case Material.plaster:
      return paintWall(p, out);
    case Material.roof:
      return paintRoof(p, out);
    case Material.glass:
      return paintGlass(p, out);
    case Material.stone:
      return paintStone(p, out);
    case Material.door:
      return paintDoor(p, out);
    case Material.shutter:
      return paintShutter(p, false, out);
    case Material.garageDoor:
      return paintShutter(p, true, out);
    case Material.leaf:
      return paintLeaf(p, out);
    case Material.bark:
      return paintBark(p, out);
    case Material.carBody:
      return paintCarBody(p, out);
    case Material.wheel:
      return paintWheel(p, out);
    case Material.carCabin:
      out.r = p.look[0] as number;
      out.g = p.look[1] as number;
      out.b = p.look[2] as number;
      out.mirror = 0.05;
      return out;
    case Material.cloth:
      return paintCloth(p, out);
    case Material.skin:
      return paintSkin(p, false, out);
    case Material.hair:
      return paintSkin(p, true, out);
    case Material.sign:
      return paintSign(p, out);
    case Material.metal:
      return paintMetal(p, out);
    case Material.wood:
      return paintWood(p, out);
    case Material.hedgeCore: {
      const k = 0.5 + 0.3 * noise(p.x * 12, p.y * 12);
      out.r = 0.02 * k;
      out.g = 0.032 * k;
      out.b = 0.012 * k;
      return out;
    }
    case Material.lamp:
      out.r = out.g = out.b = 0.8;
      return out;
    default:
      out.r = out.g = out.b = 0.015;
  }
  return out;
}
